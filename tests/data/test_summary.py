"""A training says first what it learns from."""

from pathlib import Path

import numpy as np
from PIL import Image

from hwcodesign.data import Dataset, load_dataset
from hwcodesign.data.summary import summary
from hwcodesign.recipe import DataTable


def test_a_summary_tells_of_splits_classes_and_size() -> None:
    table = DataTable(dataset="digits", size=(16, 16), classes=10)
    told = list(summary(load_dataset(table, None), table, None))
    assert told[0].startswith("train: 1,438 images of 10 classes (0 142, ")
    assert told[1].startswith("test: 359 images of 10 classes")
    assert told[2] == "the network takes them at 16x16 pixels in grey"


def test_of_pictures_it_tells_what_lies_in_the_folder(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for i in range(5):
            Image.new("RGB", (10, 8), (200, 0, 0)).save(tmp_path / name / f"{i}.png")
    table = DataTable(dataset="folder", size=(8, 8), channels=3, classes=2)
    told = list(summary(load_dataset(table, tmp_path), table, tmp_path))
    assert "10 images of 2 classes (cat 5, dog 5)" in told[0]
    assert told[1] == "all 10x8 pixels, in colour"
    assert told[2] == "the network takes them at 8x8 pixels in colour"


def test_of_pictures_with_boxes_it_counts_those() -> None:
    images, none = np.zeros((2, 8, 8, 1), dtype=np.uint8), [-1.0] * 5
    labels = np.array([[[1, 0, 0, 4, 4], [1, 2, 2, 8, 8]], [[0, 0, 0, 8, 8], none]])
    boxes = Dataset("shapes", ("bar", "square"), images, labels, images[:1], labels[:1])
    told = list(summary(boxes, DataTable(dataset="boxes", size=(8, 8), classes=2), None))
    assert told[0] == "train: 2 images with 3 boxes of 2 classes (bar 1, square 2)"
    assert told[1] == "test: 1 images with 2 boxes of 2 classes (bar 0, square 2)"
