"""CIFAR-10: cifar10.npz, or the original folders cifar-10-batches-py and cifar-10-batches-bin.

Source: A. Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009.
"""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from hwcodesign.core.array_file import read_arrays
from hwcodesign.core.errors import UserError
from hwcodesign.core.input_file import read_input
from hwcodesign.data.dataset import Dataset

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_TRAIN = [f"data_batch_{i}" for i in range(1, 6)]
_MOST_BYTES = 2**27
_PLANES = (3, 32, 32)  # a record holds the red plane, the green plane, the blue plane


def read(folder: Path, channels: int) -> Dataset:
    """50,000 training and 10,000 test images, 32x32 RGB. Raises UserError if they are missing or damaged."""
    if channels != 3:
        raise UserError(f"data.channels = {channels}: CIFAR-10 is in colour; use channels = 3")
    if (folder / "cifar10.npz").is_file():
        return _read_npz(folder / "cifar10.npz")
    for kind, suffix, read_batch in (("py", "", _python_batch), ("bin", ".bin", _binary_batch)):
        for place in (folder, folder / f"cifar-10-batches-{kind}"):
            if (place / f"test_batch{suffix}").is_file():
                train = [read_batch(place / f"{batch}{suffix}") for batch in _TRAIN]
                images, labels = (np.concatenate(parts) for parts in zip(*train, strict=True))
                return Dataset("cifar10", CLASSES, images, labels, *read_batch(place / f"test_batch{suffix}"))
    raise UserError(f"there is no cifar10.npz, cifar-10-batches-py or cifar-10-batches-bin in {folder}")


def _read_npz(path: Path) -> Dataset:
    arrays = read_arrays(path)
    names = ("x_train", "y_train", "x_test", "y_test")
    for name in names:
        if name not in arrays:
            raise UserError(f"{path} has no array {name!r}; it needs {', '.join(names)}")
    x_train, y_train, x_test, y_test = (arrays[name] for name in names)
    if any(labels.dtype.kind not in "iu" for labels in (y_train, y_test)):
        raise UserError(f"{path}: its labels must be whole numbers")
    return Dataset("cifar10", CLASSES, x_train, y_train.reshape(-1).astype(np.int64),
                   x_test, y_test.reshape(-1).astype(np.int64))  # fmt: skip


class _ArraysOnly(pickle.Unpickler):
    """A pickle can run anything; this one may hold numpy arrays and plain values alone."""

    _ALLOWED = frozenset(
        {("multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode")}
    )

    def find_class(self, module: str, name: str) -> Any:
        if (module.rpartition(".")[2], name) not in self._ALLOWED:
            raise pickle.UnpicklingError(f"it refers to {module}.{name}")
        return super().find_class(module, name)


def _python_batch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        batch = _ArraysOnly(io.BytesIO(_bytes(path)), encoding="bytes").load()
        return _images(path, np.asarray(batch[b"data"])), np.array(batch[b"labels"], np.int64)
    except Exception as error:  # a damaged pickle may raise whatever its instructions lead to
        raise UserError(f"{path} is not a batch of CIFAR-10: {error}") from None


def _binary_batch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    content = np.frombuffer(_bytes(path), np.uint8)
    record = 1 + int(np.prod(_PLANES))
    if content.size == 0 or content.size % record:
        raise UserError(f"{path} is truncated: {content.size} bytes are not a whole number of {record}-byte records")
    records = content.reshape(-1, record)
    return _images(path, records[:, 1:]), records[:, 0].astype(np.int64)


def _images(path: Path, planes: np.ndarray) -> np.ndarray:
    if planes.dtype != np.uint8 or planes.ndim != 2 or planes.shape[1] != np.prod(_PLANES):
        raise UserError(f"{path}: its images are {planes.dtype} of shape {planes.shape}; "
                        f"they must be uint8 of shape (count, 3072)")  # fmt: skip
    return np.ascontiguousarray(planes.reshape(-1, *_PLANES).transpose(0, 2, 3, 1))


def _bytes(path: Path) -> bytes:
    return read_input(path, _MOST_BYTES)
