"""Numpy's files as a user gives them: no pickles, and one message for whatever is wrong inside."""

from pathlib import Path

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.core.input_file import require_file


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file by their names; of an .npy file its one array, under the name "".

    Raises UserError if it is no ordinary file, damaged, or holds anything but arrays.
    """
    require_file(path)
    try:
        with open(path, "rb") as file:
            found = np.load(file, allow_pickle=False)
            if isinstance(found, np.ndarray):
                return {"": found}
            arrays = {name: found[name] for name in found.files}
    except Exception as error:  # zipfile, zlib, tokenize and numpy each have their own
        raise UserError(f"cannot read {path}: {error}") from None
    if not all(isinstance(value, np.ndarray) for value in arrays.values()):
        raise UserError(f"cannot read {path}: it holds other things than arrays")
    return arrays
