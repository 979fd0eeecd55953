"""One image file as a person sees it, in eight bits: the same for training and for the host."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.core.input_file import read_input

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pfm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
MOST_BYTES = 2**28
MOST_PIXELS = 2**26
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")  # no format that another program decodes
_BITS_TAG, _WHITE_TAG, _SAMPLE_TAG, _SIGNED = 258, 262, 339, 2  # of TIFF
_STARTS = {
    b"II*\0": "TIFF", b"MM\0*": "TIFF", b"II+\0": "TIFF", b"MM\0+": "TIFF", b"\x89PNG": "PNG", b"\xff\xd8": "JPEG",
    b"BM": "BMP", b"GIF8": "GIF", b"PF": "PFM",
}  # fmt: skip
_WHITE = (255, 255, 255, 255)


def read_image(path: Path, channels: int) -> "Image":
    """In grey for one channel, else in RGB, eight bits each.

    Turned as its EXIF orientation says; what is transparent shows white behind it. Of what moves the first picture
    counts, of whole numbers with more than eight bits the upper eight. Floating-point numbers run from 0 to 1, or to
    255 if one of them is above 1.

    Raises UserError if the file is missing, no ordinary file, no image, damaged, too large, or of numbers that do not
    say what white is.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    content = read_input(path, MOST_BYTES)
    try:
        with _quiet(), Image.open(io.BytesIO(content), formats=_FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise UserError(f"{path} has {opened.width} x {opened.height} pixels; at most {MOST_PIXELS:,} are read")
            turned = ImageOps.exif_transpose(opened)
            image = _in_eight_bits(path, opened, turned) if turned.mode[:1] in "IF" else turned
            return _opaque(image).convert("L" if channels == 1 else "RGB")
    except UserError:
        raise
    except UnidentifiedImageError:
        raise UserError(f"cannot read the image {path}: {_unknown(content)}") from None
    except Exception as error:  # what Pillow raises for damaged bytes depends on the format that they were in
        raise UserError(f"cannot read the image {path}: {error}") from None


def _unknown(content: bytes) -> str:
    """What is said of bytes that no format begins with."""
    if not content:
        return "the file is empty"
    if content[4:8] == b"ftyp":
        return "it is in a telephone's or a video's format (HEIC, AVIF, MP4); save it as JPEG or PNG"
    for start, name in _STARTS.items():
        if content.startswith(start):
            return f"it begins as {name}, but is damaged or has pixels of a kind that is not read; save it with 8 bits"
    return f"it is none of {', '.join(_FORMATS)}, whatever its name says"


@contextmanager
def _quiet() -> Iterator[None]:
    """Pillow warns of what is refused here, and of metadata that do not matter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _opaque(image: "Image") -> "Image":
    """The image on white, if anything of it is transparent."""
    from PIL import Image

    clear = "transparency" in image.info or image.getbands()[-1] in "Aa"
    if not clear and not (image.mode == "P" and image.palette.mode.endswith("A")):
        return image
    colours = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, _WHITE), colours)


def _in_eight_bits(path: Path, opened: Any, image: "Image") -> "Image":
    """Grey of wider numbers, `opened` as `image`, in eight bits: on a scale that the format says, not the image."""
    from PIL import Image

    values, tags = np.asarray(image), getattr(opened, "tag_v2", {})
    if image.mode == "F":
        eight = _from_real(path, values)
    else:
        bits, sample = tags.get(_BITS_TAG, (16,))[0], tags.get(_SAMPLE_TAG, (1,))[0]
        if bits == 32 and values.max() < 2**16 and sample == _SIGNED:
            raise UserError(f"{path} has 32 bits, and none of its pixels more than 16 of them: save it with 16 bits, "
                            "so that it is clear what white is")  # fmt: skip
        unsigned = values.astype(np.int64) if sample == _SIGNED else values.astype(np.int64) % 2**bits
        eight = np.clip(unsigned, 0, None) >> (bits - 8 - (sample == _SIGNED))
        clear = image.info.get("transparency")
        if isinstance(clear, int):
            eight = np.where(values == clear, 255, eight)
    if tags.get(_WHITE_TAG) == 0:  # of wider numbers Pillow leaves it to us that 0 is white
        eight = 255 - eight
    return Image.fromarray(eight.astype(np.uint8))


def _from_real(path: Path, values: np.ndarray) -> np.ndarray:
    low, high = values.min(), values.max()
    if not (low >= 0 and high <= 255):
        raise UserError(f"{path} has floating-point pixels from {low:g} to {high:g}; allowed: 0 to 1, or 0 to 255")
    return np.rint(values.astype(np.float64) * (255 if high <= 1 else 1))
