"""Splits, scaling, and arrays that do not fit each other."""

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.core.preprocessing import Preprocessing
from hwcodesign.data import Dataset, load_dataset, stratified_split
from hwcodesign.recipe import DataTable

IMAGES, LABELS = np.zeros((4, 8, 8, 1), np.uint8), np.array([0, 1, 0, 1])


def test_split_is_stratified_disjoint_complete_and_fixed():
    labels = np.repeat([0, 1, 2], [50, 30, 20])
    kept, held = stratified_split(labels, 0.2, seed=3)
    assert np.bincount(labels[held]).tolist() == [10, 6, 4]
    assert sorted([*kept, *held]) == list(range(100))
    again = stratified_split(labels, 0.2, seed=3)
    assert np.array_equal(held, again[1])
    assert not np.array_equal(held, stratified_split(labels, 0.2, seed=4)[1])


def test_small_classes_stand_on_both_sides_where_they_can():
    labels = np.array([0, 1, 1, 2, 2, 2])
    kept, held = stratified_split(labels, 0.1, seed=0)
    assert (labels[kept].tolist(), labels[held].tolist()) == ([0, 1, 2, 2], [1, 2])


def test_scaling_keeps_flat_images_flat_and_the_order_of_axes():
    flat = np.full((3, 8, 8, 3), 77, np.uint8)
    assert np.array_equal(Preprocessing((20, 12)).resized(flat), np.full((3, 20, 12, 3), 77))
    columns = np.tile(np.arange(0, 80, 10, dtype=np.uint8)[None, None, :, None], (1, 8, 1, 1))
    wider = Preprocessing((4, 16), 1).resized(columns)[0, :, :, 0]
    assert (wider == wider[0]).all() and (np.diff(wider[0].astype(int)) >= 0).all() and wider[0, -1] == 70
    assert Preprocessing((8, 8)).resized(flat) is flat


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (IMAGES.astype(float), LABELS, "train images are float64 .* must be uint8"),
        (IMAGES[..., 0], LABELS, r"shape \(4, 8, 8\); they must be"),
        (IMAGES, LABELS[:3], r"there are 4, with labels of shape \(3,\)"),
        (IMAGES, LABELS + 1, "labels 1 to 2; with 2 classes they must be 0 to 1"),
    ],
)
def test_arrays_that_do_not_fit(images, labels, message):
    with pytest.raises(UserError, match=message):
        Dataset("mine", ("a", "b"), images, labels, IMAGES, LABELS)


def test_there_must_be_test_images():
    Dataset("mine", ("a", "b"), IMAGES[:0], LABELS[:0], IMAGES, LABELS)
    with pytest.raises(UserError, match="the test images: there are 0"):
        Dataset("mine", ("a", "b"), IMAGES, LABELS, IMAGES[:0], LABELS[:0])


def test_digits_are_all_there_at_the_size_asked_for():
    digits = load_dataset(DataTable(dataset="digits", size=(16, 12), classes=10), None)
    assert digits.train_images.shape == (1438, 16, 12, 1)
    assert digits.test_images.shape == (359, 16, 12, 1)
    assert digits.train_images.max() == 255
    assert np.abs(np.bincount(digits.test_labels) - 36).max() <= 1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"dataset": "none"}, "it cannot be trained; check it as it is, or run it with random weights: --untrained"),
        ({"dataset": "idx"}, "needs a folder with the data: --data FOLDER"),
        ({"classes": 11}, "data.classes = 11: digits has 10 classes"),
        ({"channels": 3}, "channels = 3: the digits are grey"),
    ],
)
def test_recipes_whose_data_is_not_there(values, message):
    with pytest.raises(UserError, match=message):
        load_dataset(DataTable(**{"dataset": "digits", "size": (8, 8), "classes": 10} | values), None)


def test_a_data_folder_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match=r"nowhere: there is no such folder"):
        load_dataset(DataTable(dataset="idx", size=(8, 8), classes=10), tmp_path / "nowhere")
