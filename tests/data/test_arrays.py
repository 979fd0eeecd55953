"""Vectors, signals and maps of bytes from one file; anything else is told with what would do."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.data.arrays import read


def saved(folder: Path, shape: tuple[int, ...], **changes: Any) -> Path:
    rng = np.random.default_rng(1)
    arrays = {
        f"x_{split}": rng.integers(0, 256, (count, *shape)).astype(np.uint8)
        for split, count in (("train", 4), ("test", 2))
    }
    arrays |= {"y_train": np.array([0, 1, 2, 0]), "y_test": np.array([1, 2])}
    np.savez(folder / "arrays.npz", **(arrays | changes))
    return folder


@pytest.mark.parametrize(("shape", "maps"), [((640,), (1, 1, 640)), ((16, 2), (1, 16, 2)), ((5, 4, 3), (5, 4, 3))])
def test_vectors_signals_and_maps(shape: tuple[int, ...], maps: tuple[int, ...], tmp_path: Path) -> None:
    found = read(saved(tmp_path, shape), maps[2])
    assert found.train_images.shape == (4, *maps) and found.test_images.shape == (2, *maps)
    assert found.classes == ("0", "1", "2")
    assert read(saved(tmp_path, shape, classes=np.array(["a", "b", "c"])), maps[2]).classes == ("a", "b", "c")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_test": np.zeros((2, 8))}, r"x_test is float64 of shape \(2, 8\); it must be uint8 .* scale numbers"),
        ({"y_test": np.zeros(2)}, "labels must be whole numbers"),
        ({"x_train": np.zeros((4, 9), dtype=np.uint8)}, "data.channels = 8: .* has 9; use channels = 9"),
    ],
)
def test_refuses(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        read(saved(tmp_path, (8,), **changes), 8)


def test_refuses_a_file_without_one_of_the_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "arrays.npz", x_train=np.zeros((2, 8), dtype=np.uint8))
    with pytest.raises(UserError, match="has no array 'y_train'; it needs x_train, y_train, x_test, y_test"):
        read(tmp_path, 8)
