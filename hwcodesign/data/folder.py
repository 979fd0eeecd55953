"""Image folders: `train` and `test` (or `val`, `validation`), each with one subfolder per class or with a labels file.

images/train/cat/1.png  images/test/dog/7.png                       subfolders; without train and test, a split
images/val/0001.jpg     images/val.txt: "0001.jpg 65" on each line  a labels file; the class by number or by name
images/classes.txt: one name on each line                           the classes, in order, if they are not the
                                                                    subfolders' in alphabetical order
images/calibration/1.jpg                                            unlabelled, to quantize with

Hidden files and folders (.thumbnails, ._1.jpg, __MACOSX) are no part of it.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hwcodesign.core.errors import UserError, did_you_mean
from hwcodesign.core.image_file import SUFFIXES, read_image
from hwcodesign.core.preprocessing import Preprocessing
from hwcodesign.data.dataset import Dataset, held_apart

HELD_OUT_FOLDERS = ("test", "val", "validation")  # the first that is there
CLASSES = "classes.txt"
CALIBRATION = "calibration"  # unlabelled images
_SHOWN = 10  # of the images that cannot be read


class Part(NamedTuple):
    """The images of one split: their files, their classes' names, the names of all classes, what is wrong."""

    paths: list[Path]
    names: list[str]
    classes: tuple[str, ...]
    faults: list[str]


def read(folder: Path, preprocessing: Preprocessing, training: bool = True) -> Dataset:
    """Every image as `read_image` has it and `preprocessing` makes it. `training` False reads the held-out images only.

    Without subfolders for training and test, a fifth of each class is held out; without one for training, there are no
    training images. Raises UserError if a class has no images, if train and test have different classes, if a labels
    file names an image or a class that is not there, or if images cannot be read: which.
    """
    held_out = held_out_folder(folder)
    if held_out is None:
        part = part_of(folder, folder)
        images, labels = _images(part, preprocessing)
        train, test = held_apart(labels)
        return Dataset(folder.name, part.classes, images[train], labels[train], images[test], labels[test])
    tested = part_of(folder, held_out)
    images, labels = _images(tested, preprocessing)
    train_images, train_labels = images[:0], labels[:0]
    if training and (folder / "train").is_dir():
        trained = part_of(folder, folder / "train")
        if trained.classes != tested.classes:
            odd = ", ".join(sorted(set(trained.classes) ^ set(tested.classes)))
            raise UserError(
                f"{folder}: train and {held_out.name} must have the same classes; only one of them has {odd}"
            )
        train_images, train_labels = _images(trained, preprocessing)
    return Dataset(folder.name, tested.classes, train_images, train_labels, images, labels)


def read_unlabelled(
    folder: Path,
    preprocessing: Preprocessing,
    count: int | None,
    on_images: Callable[[int], None] = lambda done: None,
    fewer: bool = False,
) -> np.ndarray:
    """`count` images of `folder` and its subfolders (None: all), evenly spread over them in the order of their names.

    uint8 (count, H, W, C). Raises UserError if there are not so many, unless `fewer` do, or if one cannot be read.
    """
    paths = _image_files(folder.rglob("*")) if folder.is_dir() else []
    count = len(paths) if count is None or (fewer and len(paths) < count) else count
    if len(paths) < count:
        raise UserError(f"{folder} holds {len(paths)} images, and {count} are asked for: add images, or ask for fewer")
    chosen = [paths[i * len(paths) // count] for i in range(count)]
    return _read_all(chosen, preprocessing, on_images)


def held_out_folder(folder: Path) -> Path | None:
    """The subfolder with the held-out images; None if a part of all images is held out.

    Raises UserError if there is one for training alone.
    """
    found = next((folder / name for name in HELD_OUT_FOLDERS if (folder / name).is_dir()), None)
    if found is None and (folder / "train").is_dir():
        raise UserError(f"there is no folder {' or '.join(str(folder / name) for name in HELD_OUT_FOLDERS)}")
    return found


def unlabelled_alone(folder: Path) -> bool:
    """Whether images to quantize with are all that a data set's folder has."""
    names = {path.name for path in folder.iterdir() if not hidden(path)} if folder.is_dir() else set()
    return CALIBRATION in names and names <= {CALIBRATION, CLASSES}


def hidden(path: Path) -> bool:
    """Whether a system has put it there, and no person."""
    return path.name.startswith(".") or path.name == "__MACOSX"


def part_of(folder: Path, part: Path) -> Part:
    """The images of `part`, a subfolder of the data set's `folder`, or that folder itself; what is wrong is told too.

    Raises UserError if it has neither subfolders nor a labels file.
    """
    names = _class_names(folder / CLASSES)
    labels = folder / f"{part.name}.txt"
    if labels.is_file() and part != folder:
        return _by_labels_file(part, labels, names)
    others = {CALIBRATION} if part == folder else set()
    subfolders = sorted(p for p in part.iterdir() if p.is_dir() and not hidden(p) and p.name not in others)
    if not subfolders:
        where = "" if part == folder else f", or a file {labels} with an image and its class on each line"
        raise UserError(f"{part} has no subfolders; it needs one for each class, with that class's images{where}")
    classes = names or tuple(p.name for p in subfolders)
    faults = [f"{p}: {did_you_mean(p.name, classes)}" for p in subfolders if p.name not in classes]
    files = {p.name: _image_files(p.iterdir()) for p in subfolders}
    faults += [f"{part / name} holds no images ({', '.join(SUFFIXES)})" for name in files if not files[name]]
    paths = [(path, name) for name, found in files.items() if name in classes for path in found]
    return Part([path for path, _ in paths], [name for _, name in paths], classes, faults)


def _by_labels_file(part: Path, labels: Path, names: tuple[str, ...]) -> Part:
    lines = [line.rsplit(maxsplit=1) for line in _lines(labels)]
    bad = next((i for i, line in enumerate(lines) if len(line) != 2), None)
    if bad is not None:
        raise UserError(f"{labels}: entry {bad + 1} is {' '.join(lines[bad])!r}; it must be an image and its class")
    classes = names or tuple(sorted({name for _, name in lines}, key=lambda name: (len(name), name)))
    numbers = {str(i): name for i, name in enumerate(names)}
    found, faults = [], []
    for image, name in lines:
        known = name if name in classes else numbers.get(name)
        if known is None:
            faults.append(f"{labels}: {image} has the class {name!r}; {part.parent / CLASSES} names {len(classes)} "
                          f"classes, numbers are 0 to {len(classes) - 1}")  # fmt: skip
        elif not (part / image).is_file():
            faults.append(f"{labels}: there is no image {part / image}")
        else:
            found.append((part / image, known))
    if not lines:
        raise UserError(f"{labels} names no images")
    return Part([path for path, _ in found], [name for _, name in found], classes, faults)


def _class_names(path: Path) -> tuple[str, ...]:
    names = tuple(_lines(path)) if path.is_file() else ()
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(f"{path} names the class {twice!r} more than once")
    return names


def _lines(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path}: {error}") from None


def _images(part: Part, preprocessing: Preprocessing) -> tuple[np.ndarray, np.ndarray]:
    index = {name: label for label, name in enumerate(part.classes)}
    labels = np.array([index[name] for name in part.names], np.int64)
    return _read_all(part.paths, preprocessing, faults=part.faults), labels


def _image_files(paths: Iterable[Path]) -> list[Path]:
    return sorted(p for p in paths if p.suffix.lower() in SUFFIXES and not hidden(p))


def _read_all(
    paths: list[Path],
    preprocessing: Preprocessing,
    on_images: Callable[[int], None] = lambda done: None,
    faults: Sequence[str] = (),
) -> np.ndarray:
    images = np.zeros((len(paths), *preprocessing.size, preprocessing.channels), np.uint8)
    unread = []
    for i, path in enumerate(paths):
        try:
            images[i] = preprocessing.pixels(read_image(path, preprocessing.channels))
        except UserError as error:
            unread.append(str(error))
        on_images(i + 1)
    _raise([*unread, *faults])
    return images


def _raise(faults: list[str]) -> None:
    if faults:
        more = [f"... and {len(faults) - _SHOWN} more"] if len(faults) > _SHOWN else []
        raise UserError("\n".join([*faults[:_SHOWN], *more]))
