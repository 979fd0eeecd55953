"""What lies in a folder of pictures, seen from their headers: before a training, and to size a recipe by."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.core.image_file import SUFFIXES, read_image
from hwcodesign.data.dataset import HELD_OUT
from hwcodesign.data.folder import HELD_OUT_FOLDERS, Part, held_out_folder, hidden, part_of

MOST_HEADERS = 1_000  # more are not opened
MOST_COLOURS = 24  # images whose pixels are looked at
COLOUR_LEVELS = 12  # between red, green and blue of one pixel; less is the noise of a file format
_ORIENTATION, _ON_ITS_SIDE = 0x0112, (5, 6, 7, 8)  # of EXIF
_CONVERTED = {".heic": "a telephone's format", ".heif": "a telephone's format", ".avif": "", ".svg": "", ".pdf": ""}


@dataclass(frozen=True)
class Survey:
    """`splits`: by folder ("" where no split was made) the number of images of each class; (width, height) of the
    smallest, the median and the largest image; whether any is in colour; and what is `skipped`, with the reason.
    """

    splits: Mapping[str, Mapping[str, int]]
    sizes: tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
    colour: bool
    skipped: tuple[str, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """In the order of their labels."""
        return tuple(next(iter(self.splits.values())))

    @property
    def to_train(self) -> int:
        """The number of images that a training takes, the held-out ones left out."""
        counts = self.splits.get("train") or self.splits.get("")
        if counts is None:
            return 0
        return sum(counts.values()) if "train" in self.splits else sum(n - round(n * HELD_OUT) for n in counts.values())

    def lines(self) -> Iterator[str]:
        """For a person to read."""
        for split, counts in self.splits.items():
            where = f"{split}: " if split else f"no train and test, so {HELD_OUT:.0%} of each class are held out: "
            classes = ", ".join(f"{name} {count:,}" for name, count in counts.items())
            yield f"{where}{sum(counts.values()):,} images of {len(counts)} classes ({classes})"
        smallest, median, largest = (f"{width}x{height}" for width, height in self.sizes)
        size = f"all {median}" if smallest == largest else f"{smallest} to {largest}, half of them up to {median}"
        yield f"{size} pixels, in {'colour' if self.colour else 'grey'}"
        yield from (f"skipped: {what}" for what in self.skipped)


def survey(folder: Path) -> Survey:
    """Look at a data set's folder as `folder.read` would read it, without reading it all.

    Raises UserError if it is no data set, or if an image that is looked at cannot be read.
    """
    held_out = held_out_folder(folder)
    places = {"": folder} if held_out is None else {held_out.name: held_out}
    if held_out is not None and (folder / "train").is_dir():
        places = {"train": folder / "train", **places}
    parts = {name: part_of(folder, place) for name, place in places.items()}
    paths = [path for part in parts.values() for path in part.paths]
    if not paths:
        faults = [fault for part in parts.values() for fault in part.faults]
        raise UserError("\n".join([f"{folder} holds no images that could be read", *faults[:3]]))
    sizes = sorted((_size(path) for path in _spread(paths, MOST_HEADERS)), key=lambda size: size[0] * size[1])
    counts = {name: _by_class(part) for name, part in parts.items()}
    skipped = (*_skipped_files(folder, set(paths)), *_skipped_folders(folder, held_out))
    return Survey(counts, (sizes[0], sizes[len(sizes) // 2], sizes[-1]), coloured(paths), skipped)


def coloured(paths: Sequence[Path]) -> bool:
    """Whether one of some of these images shows a colour, whatever it is stored as."""
    for path in _spread(paths, MOST_COLOURS):
        pixels = np.asarray(read_image(path, 3)).astype(np.int16)
        if (pixels.max(axis=2) - pixels.min(axis=2)).max() > COLOUR_LEVELS:
            return True
    return False


def require_grey(folder: Path) -> None:
    """Raise UserError if the images of a folder are in colour: grey is made of them only if it is asked for."""
    held_out = held_out_folder(folder)
    if coloured(part_of(folder, held_out or folder).paths):
        raise UserError(
            f"the images in {folder} are in colour, and the recipe does not say data.channels: say channels = 3, or "
            "channels = 1 to make them grey"
        )


def _size(path: Path) -> tuple[int, int]:
    """(width, height) as a person sees it."""
    from PIL import Image

    try:
        with Image.open(path) as opened:
            turned = opened.getexif().get(_ORIENTATION, 1) in _ON_ITS_SIDE
            width, height = opened.size
    except Exception as error:  # what Pillow raises depends on the format
        raise UserError(f"cannot read the image {path}: {error}") from None
    return (height, width) if turned else (width, height)


def _spread(paths: Sequence[Path], most: int) -> list[Path]:
    count = min(most, len(paths))
    return [paths[i * len(paths) // count] for i in range(count)]


def _by_class(part: Part) -> dict[str, int]:
    counts = Counter(part.names)
    return {name: counts[name] for name in part.classes}


def _skipped_files(folder: Path, taken: set[Path]) -> Iterator[str]:
    """Files below the folder that no split takes for an image, by their endings."""
    found: Counter[str] = Counter()
    for path in folder.rglob("*"):
        if path.is_file() and path not in taken and path.suffix.lower() not in (*SUFFIXES, ".txt"):
            inside = any(hidden(part) for part in (path, *path.parents) if part != folder and folder in part.parents)
            found["hidden" if inside else path.suffix.lower() or "without an ending"] += 1
    for ending, count in sorted(found.items()):
        why = "a system's own" if ending == "hidden" else f"not read: {', '.join(SUFFIXES)} are"
        note = f" ({_CONVERTED[ending]})" if _CONVERTED.get(ending) else ""
        yield f"{count:,} files {ending}{note}, {why}"


def _skipped_folders(folder: Path, held_out: Path | None) -> Iterator[str]:
    """Splits that are there and not used."""
    for name in HELD_OUT_FOLDERS:
        if held_out is not None and (folder / name).is_dir() and name != held_out.name:
            yield f"{folder / name}: {held_out.name} is held out, and a tenth of train chooses the best epoch"
