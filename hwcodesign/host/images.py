"""Image files as the arrays that a network takes: prepared exactly as it was trained."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.core.image_file import read_image
from hwcodesign.core.integers import PIXEL
from hwcodesign.host.contract import Contract


def read_images(paths: Sequence[Path], contract: Contract, resize: bool = False) -> np.ndarray:
    """The files as (N, H, W, C) uint8, the same to the byte as in training, channels in the network's own order.

    Of a network that hears they are WAV files.

    `resize` takes pictures of another size where the network was trained on one size alone. Raises UserError if a file
    is no image or has another size, and if the network takes no pixels.
    """
    if contract.pictures.audio is not None:
        return np.stack([contract.pictures.audio.read(path) for path in paths])
    if contract.in_type != PIXEL or contract.in_shape[2] not in (1, 3):
        raise UserError(f"{contract.network} takes {contract.in_type} in {contract.in_shape[2]} channels, no files: "
                        "use hwcodesign.host.Accelerator with arrays")  # fmt: skip
    return np.stack([_read(path, contract, resize) for path in paths])


def _read(path: Path, contract: Contract, resize: bool) -> np.ndarray:
    task, image = contract.pictures, read_image(path, contract.in_shape[2])
    height, width = task.preprocessing.within
    if image.size != (width, height) and not (resize or task.any_size):
        raise UserError(f"{path} has {image.size[0]} x {image.size[1]} pixels; {contract.network} takes "
                        f"{width} x {height}: scale it, or add --resize")  # fmt: skip
    return task.preprocessing.pixels(image)
