"""CIFAR-10 in its three forms, and damaged."""

import os
import pickle

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.data import load_dataset
from hwcodesign.recipe import DataTable

TABLE = DataTable(dataset="cifar10", size=(32, 32), channels=3, classes=10)
RANDOM = np.random.default_rng(0)
BATCHES = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
IMAGES = {name: RANDOM.integers(0, 256, (4, 32, 32, 3), dtype=np.uint8) for name in BATCHES}
LABELS = {name: RANDOM.integers(0, 10, 4).tolist() for name in BATCHES}


def planes(name):
    return IMAGES[name].transpose(0, 3, 1, 2).reshape(4, 3072)


def write_npz(folder):
    train = np.concatenate([IMAGES[name] for name in BATCHES[:5]])
    labels = np.concatenate([LABELS[name] for name in BATCHES[:5]])
    np.savez(folder / "cifar10.npz", x_train=train, y_train=labels, x_test=IMAGES["test_batch"],
             y_test=np.array(LABELS["test_batch"]))  # fmt: skip


def write_python(folder):
    (folder / "cifar-10-batches-py").mkdir()
    for name in BATCHES:
        content = pickle.dumps({b"data": planes(name), b"labels": LABELS[name]}, protocol=2)
        (folder / "cifar-10-batches-py" / name).write_bytes(content)


def write_binary(folder):
    for name in BATCHES:
        records = np.concatenate([np.array(LABELS[name], np.uint8)[:, None], planes(name)], axis=1)
        (folder / f"{name}.bin").write_bytes(records.tobytes())


@pytest.mark.parametrize("write", [write_npz, write_python, write_binary])
def test_what_was_written_is_read(tmp_path, write):
    write(tmp_path)
    dataset = load_dataset(TABLE, tmp_path)
    assert np.array_equal(dataset.train_images, np.concatenate([IMAGES[name] for name in BATCHES[:5]]))
    assert dataset.train_labels.tolist() == [label for name in BATCHES[:5] for label in LABELS[name]]
    assert np.array_equal(dataset.test_images, IMAGES["test_batch"])
    assert dataset.test_labels.tolist() == LABELS["test_batch"]
    assert len(dataset.classes) == 10


def test_a_pickle_that_runs_something_is_refused(tmp_path):
    class Harm:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "harm"),)

    write_python(tmp_path)
    (tmp_path / "cifar-10-batches-py" / "test_batch").write_bytes(pickle.dumps({b"data": Harm()}))
    with pytest.raises(UserError, match=r"test_batch is not a batch of CIFAR-10: it refers to .*mkdir"):
        load_dataset(TABLE, tmp_path)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("shape", [(9, 3, 32, 32), (9, 32, 32, 1)])
@pytest.mark.parametrize("split", ["train", "test"])
def test_images_of_another_shape(tmp_path, shape, split):
    arrays = {"x_train": np.zeros((9, 32, 32, 3), np.uint8), "x_test": np.zeros((9, 32, 32, 3), np.uint8)}
    arrays[f"x_{split}"] = np.zeros(shape, np.uint8)
    np.savez(tmp_path / "cifar10.npz", y_train=np.arange(9), y_test=np.arange(9), **arrays)
    with pytest.raises(
        UserError, match=rf"the {split} images of cifar10 have shape .*; they must be \(height, width, 3"
    ):
        load_dataset(TABLE, tmp_path)


def test_files_that_are_something_else(tmp_path):
    for content in (b"", b"PK\x05\x06", pickle.dumps(3)):
        (tmp_path / "cifar10.npz").write_bytes(content)
        with pytest.raises(UserError, match=r"cifar10.npz"):
            load_dataset(TABLE, tmp_path)
    with (tmp_path / "cifar10.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(UserError, match=r"cifar10.npz has no array"):
        load_dataset(TABLE, tmp_path)


def test_no_data(tmp_path):
    with pytest.raises(UserError, match=r"there is no cifar10.npz, cifar-10-batches-py or cifar-10-batches-bin"):
        load_dataset(TABLE, tmp_path)


def test_grey_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"CIFAR-10 is in colour"):
        load_dataset(TABLE.model_copy(update={"channels": 1}), tmp_path)


def test_truncated_npz(tmp_path):
    write_npz(tmp_path)
    content = (tmp_path / "cifar10.npz").read_bytes()
    (tmp_path / "cifar10.npz").write_bytes(content[:1000])
    with pytest.raises(UserError, match=r"cannot read .*cifar10.npz"):
        load_dataset(TABLE, tmp_path)


def test_npz_without_an_array(tmp_path):
    np.savez(tmp_path / "cifar10.npz", x_train=IMAGES["test_batch"])
    with pytest.raises(UserError, match=r"has no array .*y_train"):
        load_dataset(TABLE, tmp_path)


def test_npz_with_float_images(tmp_path):
    np.savez(tmp_path / "cifar10.npz", x_train=IMAGES["test_batch"] / 255, y_train=LABELS["test_batch"],
             x_test=IMAGES["test_batch"], y_test=LABELS["test_batch"])  # fmt: skip
    with pytest.raises(UserError, match=r"train images are float64"):
        load_dataset(TABLE, tmp_path)


def test_truncated_binary(tmp_path):
    write_binary(tmp_path)
    (tmp_path / "data_batch_2.bin").write_bytes(bytes(3000))
    with pytest.raises(UserError, match=r"data_batch_2.bin is truncated"):
        load_dataset(TABLE, tmp_path)


def test_a_missing_batch_is_named(tmp_path):
    write_binary(tmp_path)
    (tmp_path / "data_batch_3.bin").unlink()
    with pytest.raises(UserError, match=r"there is no file .*data_batch_3.bin"):
        load_dataset(TABLE, tmp_path)
