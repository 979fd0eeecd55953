"""One image file, decoded: for training and for the host."""

from pathlib import Path
from typing import TYPE_CHECKING

from hwcodesign.core.errors import UserError

if TYPE_CHECKING:
    from PIL.Image import Image


def read_image(path: Path, channels: int) -> "Image":
    """In grey for one channel, else in RGB. Raises UserError if the file is missing, no image, damaged or too large.

    What Pillow raises for damaged bytes depends on the format that they were in.
    """
    from PIL import Image

    try:
        with Image.open(path) as opened:
            return opened.convert("L" if channels == 1 else "RGB")
    except FileNotFoundError:
        raise UserError(f"there is no file {path}") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UserError(f"cannot read the image {path}: {error}") from None
