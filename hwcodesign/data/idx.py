"""IDX files, the format of MNIST and its relatives (train-images-idx3-ubyte, t10k-labels-idx1-ubyte), gzipped or not.

Format: two zero bytes, a type code (8: unsigned byte), the number of dimensions, their sizes as big-endian 32-bit
integers, then the data (Y. LeCun, C. Cortes, C. Burges: The MNIST database of handwritten digits).
"""

import gzip
import io
import struct
import zlib
from pathlib import Path

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.core.input_file import read_input
from hwcodesign.data.dataset import Dataset

_UNSIGNED_BYTE = 8
_MOST_BYTES = 2**31


def read(folder: Path, channels: int) -> Dataset:
    """The four files of `folder`. Raises UserError if one is missing, truncated or not of unsigned bytes."""
    if channels != 1:
        raise UserError(f"data.channels = {channels}: IDX images are grey; use channels = 1")
    arrays = []
    for prefix in ("train", "t10k"):
        arrays.append(read_idx(_find(folder, f"{prefix}-images-idx3-ubyte"), dimensions=3)[..., np.newaxis])
        arrays.append(read_idx(_find(folder, f"{prefix}-labels-idx1-ubyte"), dimensions=1).astype(np.int64))
    classes = tuple(str(i) for i in range(int(arrays[1].max(initial=0)) + 1))
    return Dataset(folder.name, classes, *arrays)


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """One file as a uint8 array of so many `dimensions`. Raises UserError if it is something else, or truncated."""
    content = read_input(path, _MOST_BYTES)
    if path.suffix == ".gz":
        try:
            content = gzip.GzipFile(fileobj=io.BytesIO(content)).read(_MOST_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise UserError(f"cannot read {path}: {error}") from None
        if len(content) > _MOST_BYTES:
            raise UserError(f"{path} unpacks to more than {_MOST_BYTES:,} bytes, the most that is read of such a file")
    header = 4 + 4 * dimensions
    if len(content) < header or content[:4] != bytes([0, 0, _UNSIGNED_BYTE, dimensions]):
        raise UserError(f"{path} is not an IDX file of unsigned bytes in {dimensions} dimensions")
    shape = struct.unpack(f">{dimensions}I", content[4:header])
    if len(content) != header + int(np.prod(shape)):
        raise UserError(f"{path} is truncated: its header announces {shape}, {int(np.prod(shape))} bytes, "
                        f"but {len(content) - header} follow")  # fmt: skip
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _find(folder: Path, name: str) -> Path:
    names = [name, f"{name}.gz", name.replace("-idx", ".idx"), name.replace("-idx", ".idx") + ".gz"]
    for candidate in names:
        if (folder / candidate).is_file():
            return folder / candidate
    raise UserError(f"there is no file {name} (or {name}.gz) in {folder}")
