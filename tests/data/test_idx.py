"""IDX files, plain and gzipped, whole and damaged."""

import gzip
import struct

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.data import load_dataset
from hwcodesign.recipe import DataTable

TABLE = DataTable(dataset="idx", size=(5, 4), classes=3)
RANDOM = np.random.default_rng(0)
TRAIN, TEST = (RANDOM.integers(0, 256, (count, 5, 4), dtype=np.uint8) for count in (9, 6))


def idx(array):
    return struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture(params=[".gz", "", "dot"])
def folder(request, tmp_path):
    for prefix, images in (("train", TRAIN), ("t10k", TEST)):
        labels = (np.arange(len(images)) % 3).astype(np.uint8)
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            name = f"{prefix}-{kind}-ubyte"
            if request.param == "dot":
                (tmp_path / name.replace("-idx", ".idx")).write_bytes(idx(array))
            else:
                content = gzip.compress(idx(array)) if request.param else idx(array)
                (tmp_path / (name + request.param)).write_bytes(content)
    return tmp_path


def test_what_was_written_is_read(folder):
    dataset = load_dataset(TABLE, folder)
    assert np.array_equal(dataset.train_images[..., 0], TRAIN)
    assert np.array_equal(dataset.test_images[..., 0], TEST)
    assert dataset.test_labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert dataset.classes == ("0", "1", "2")


def test_colour_is_refused(folder):
    with pytest.raises(UserError, match=r"IDX images are grey"):
        load_dataset(TABLE.model_copy(update={"channels": 3}), folder)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: content[:-3], r"truncated: its header announces \(9, 5, 4\), 180 bytes, but 177 follow"),
        (lambda content: content[:7], "is not an IDX file of unsigned bytes in 3 dimensions"),
        (lambda content: b"", "is not an IDX file"),
        (lambda content: b"\0\0\x0d" + content[3:], "is not an IDX file of unsigned bytes"),
        (lambda content: idx(np.zeros(9, np.uint8)), "is not an IDX file of unsigned bytes in 3 dimensions"),
    ],
)
def test_damaged_files(tmp_path, damage, message):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(damage(idx(TRAIN)))
    with pytest.raises(UserError, match=message):
        load_dataset(TABLE, tmp_path)


def test_damaged_gzip(tmp_path):
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(TRAIN))[:-20])
    with pytest.raises(UserError, match=r"cannot read .*train-images-idx3-ubyte.gz"):
        load_dataset(TABLE, tmp_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"there is no file train-images-idx3-ubyte"):
        load_dataset(TABLE, tmp_path)
