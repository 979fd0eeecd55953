"""Some classes are trained on as normal; the test has all, and says which are not."""

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.data import Dataset, load_dataset
from hwcodesign.data.anomalies import set_apart
from hwcodesign.recipe import DataTable

IMAGES = np.arange(6, dtype=np.uint8).reshape(6, 1, 1, 1)
WHOLE = Dataset("pets", ("ant", "bee", "cat"), IMAGES, np.array([0, 1, 2, 0, 1, 2]), IMAGES, np.array([2, 1, 0] * 2))


def test_training_has_the_normal_ones_alone_and_the_test_both() -> None:
    found = set_apart(WHOLE, ["ant", "cat"])
    assert found.classes == ("normal", "anomaly")
    assert found.train_images.ravel().tolist() == [0, 2, 3, 5] and not found.train_labels.any()
    assert found.test_images is IMAGES and found.test_labels.tolist() == [0, 1, 0, 0, 1, 0]


def test_without_training_images_the_test_is_the_same() -> None:
    alone = Dataset("pets", WHOLE.classes, IMAGES[:0], WHOLE.train_labels[:0], IMAGES, WHOLE.test_labels)
    found = set_apart(alone, ["bee"])
    assert len(found.train_images) == 0 and found.test_labels.tolist() == [1, 0, 1] * 2


@pytest.mark.parametrize(
    ("normal", "message"),
    [
        (["bees"], r"data.normal: pets has no class 'bees': did you mean 'bee'"),
        (["ant", "bee", "cat"], r"no test image that is anomaly.*its classes: ant, bee, cat"),
    ],
)
def test_what_cannot_be_told_apart(normal: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        set_apart(WHOLE, normal)


def test_a_normal_class_without_training_images() -> None:
    labels = np.array([1, 1, 2, 1, 1, 2])
    with pytest.raises(UserError, match="no such training image"):
        set_apart(Dataset("pets", WHOLE.classes, IMAGES, labels, IMAGES, WHOLE.test_labels), ["ant"])


def test_a_recipes_table_sets_apart() -> None:
    table = DataTable(dataset="digits", size=(8, 8), classes=10, task="reconstruct", normal=("0", "1"))
    found = load_dataset(table, None)
    assert len(found.train_images) < 300 and len(found.test_images) == 359 and 60 < (found.test_labels == 0).sum() < 90
