"""Pictures with boxes in COCO's format: what is read, and what is refused with the nearest that would do."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hwcodesign.core.errors import UserError
from hwcodesign.data import load_dataset
from hwcodesign.data.boxes import dataset, read
from hwcodesign.data.dataset import strata
from hwcodesign.recipe import DataTable

DOCUMENT: dict[str, Any] = {
    "images": [{"id": 7, "file_name": "a.png"}, {"id": 3, "file_name": "b.png"}],
    "annotations": [
        {"image_id": 3, "category_id": 20, "bbox": [1, 2, 3, 4]},
        {"image_id": 3, "category_id": 10, "bbox": [0, 0, 12, 8]},
    ],
    "categories": [{"id": 10, "name": "cat"}, {"id": 20, "name": "dog"}],
}


def written(folder: Path, **changes: Any) -> Path:
    (folder / "train").mkdir()
    for name, level in (("a.png", 10), ("b.png", 200)):
        Image.fromarray(np.full((8, 12), level, dtype=np.uint8)).save(folder / "train" / name)
    (folder / "train.json").write_text(json.dumps(DOCUMENT | changes))
    return folder


def test_pictures_in_the_files_order_with_their_boxes(tmp_path: Path) -> None:
    scenes = read(written(tmp_path), "train", channels=1)
    assert scenes.classes == ("cat", "dog") and scenes.images.shape == (2, 8, 12, 1)
    assert scenes.images[:, 0, 0, 0].tolist() == [10, 200]
    assert scenes.boxes[0].shape == (0, 4)
    assert scenes.boxes[1].tolist() == [[1, 2, 4, 6], [0, 0, 12, 8]] and scenes.labels[1].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"annotations": [{"image_id": 7, "category_id": 10, "bbox": [8, 2, 9, 4]}]},
            r"a box of a.png, from \(8, 2\) to \(17, 6\), lies outside of the picture of 12 x 8 pixels, or is empty; "
            r"the nearest that does not: bbox = \[8.0, 2.0, 4.0, 4.0\]",
        ),
        ({"annotations": [{"image_id": 7, "category_id": 10, "bbox": [2, 2, 0, 4]}]}, "or is empty; the nearest"),
        ({"annotations": [{"image_id": 9, "category_id": 10, "bbox": [2, 2, 2, 4]}]}, "image 9, category 10, which is"),
        ({"annotations": [{"image_id": 7, "category_id": 10}]}, "not in COCO's format"),
        ({"images": [], "annotations": []}, "names no images"),
        (
            {"images": [{"id": 7, "file_name": "a.png"}, {"id": 7, "file_name": "b.png"}]},
            "2 of its images have the id 7",
        ),
        ({"categories": [{"id": 1, "name": "a"}] * 3}, "3 of its categories have the id 1"),
    ],
)
def test_refuses(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        read(written(tmp_path, **changes), "train", channels=1)


def test_refuses_pictures_of_several_sizes_and_a_missing_file(tmp_path: Path) -> None:
    folder = written(tmp_path)
    Image.fromarray(np.zeros((9, 12), dtype=np.uint8)).save(folder / "train" / "b.png")
    with pytest.raises(UserError, match="several sizes, 8x12 and 9x12"):
        read(folder, "train", channels=1)
    with pytest.raises(UserError, match=r"there is no file .*test.json"):
        read(folder, "test", channels=1)


def test_both_splits_are_a_data_set_of_equal_lists(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "train").rename(tmp_path / "test")
    (tmp_path / "train.json").rename(tmp_path / "test.json")
    found = dataset(written(tmp_path), channels=1)
    assert found.classes == ("cat", "dog") and found.train_labels.shape == found.test_labels.shape == (2, 2, 5)
    assert found.test_labels[0].tolist() == [[-1] * 5] * 2
    assert found.train_labels[1].tolist() == [[1, 1, 2, 4, 6], [0, 0, 0, 12, 8]]
    assert strata(found.train_labels).tolist() == [0, 2]
    (tmp_path / "test.json").write_text(json.dumps(DOCUMENT | {"categories": DOCUMENT["categories"][::-1]}))
    with pytest.raises(UserError, match="the same categories, in one order"):
        dataset(tmp_path, channels=1)


def test_where_nothing_is_trained_the_training_pictures_need_not_be_there(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "train").rename(tmp_path / "test")
    (tmp_path / "train.json").rename(tmp_path / "test.json")
    table = DataTable(dataset="boxes", size=(8, 12), channels=1, classes=2, task="detect", anchors=((4, 4),))
    found = load_dataset(table, tmp_path, training=False)
    assert (len(found.train_images), len(found.train_labels)) == (0, 0) and found.test_labels.shape == (2, 2, 5)
    with pytest.raises(UserError, match=r"there is no file .*train.json"):
        load_dataset(table, tmp_path)
