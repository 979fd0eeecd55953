"""Numbers that are no pictures, in one file: arrays.npz with x_train, y_train, x_test, y_test.

x: uint8, (count, features) for vectors, (count, length, channels) for signals, (count, height, width, channels) for
maps; y: whole numbers from 0, one for each. `classes`, if it is there: their names.
"""

from pathlib import Path

import numpy as np

from hwcodesign.core.array_file import read_arrays
from hwcodesign.core.errors import UserError
from hwcodesign.data.dataset import Dataset

FILE = "arrays.npz"
_NEEDED = ("x_train", "y_train", "x_test", "y_test")


def read(folder: Path, channels: int) -> Dataset:
    """The data set; vectors are maps of one pixel, signals maps of one row.

    Raises UserError if it is missing or damaged, if numbers are no bytes, or if it has other channels.
    """
    path = folder / FILE
    arrays = read_arrays(path)
    for name in _NEEDED:
        if name not in arrays:
            raise UserError(f"{path} has no array {name!r}; it needs {', '.join(_NEEDED)}")
    x_train, x_test = (_as_maps(path, name, arrays[name]) for name in ("x_train", "x_test"))
    labels = [arrays[name].reshape(-1) for name in ("y_train", "y_test")]
    if any(some.dtype.kind not in "iu" for some in labels):
        raise UserError(f"{path}: its labels must be whole numbers")
    if x_train.shape[3] != channels:
        raise UserError(f"data.channels = {channels}: {path} has {x_train.shape[3]}; use channels = {x_train.shape[3]}")
    count = 1 + max((int(some.max(initial=0)) for some in labels), default=0)
    names = arrays.get("classes", np.arange(count)).reshape(-1)
    y_train, y_test = (some.astype(np.int64) for some in labels)
    return Dataset(folder.name, tuple(map(str, names)), x_train, y_train, x_test, y_test)


def _as_maps(path: Path, name: str, array: np.ndarray) -> np.ndarray:
    """(count, height, width, channels)."""
    if array.dtype != np.uint8 or array.ndim not in (2, 3, 4):
        raise UserError(
            f"{path}: {name} is {array.dtype} of shape {array.shape}; it must be uint8 of (count, features), "
            "(count, length, channels) or (count, height, width, channels): scale numbers to 0 to 255 and round them, "
            "np.rint(255 * (x - low) / (high - low)).clip(0, 255).astype(np.uint8)"
        )
    return np.expand_dims(array, (1, 2)[: 4 - array.ndim])
