"""Confusion, mistakes and top-5 counted on scores small enough to count by hand."""

import numpy as np

from hwcodesign.core.classified import confusion, score_names, surest_mistakes, top5


def test_confusion_has_true_classes_in_rows_and_counts_every_image_once() -> None:
    labels, predicted = np.array([0, 0, 2, 2, 2]), np.array([0, 1, 2, 0, 2])
    counts = confusion(labels, predicted, 3)
    assert counts.tolist() == [[1, 1, 0], [0, 0, 0], [1, 0, 2]]


def test_the_surest_mistake_comes_first_and_of_equals_the_earlier() -> None:
    scores = np.array([[5, 0], [0, 3], [0, 9], [0, 3]])
    assert surest_mistakes(scores, np.array([0, 0, 0, 0])).tolist() == [2, 1, 3]
    assert surest_mistakes(scores, np.array([0, 1, 1, 1])).tolist() == []


def test_padded_classes_are_named_by_number() -> None:
    assert score_names(["cat", 7], 4) == ["cat", "7", "(2)", "(3)"]
    assert score_names(["cat", "dog"], 2) == ["cat", "dog"]


def test_top5_takes_the_lower_of_equal_classes() -> None:
    scores = np.zeros((2, 6), dtype=np.int64)
    assert top5(scores, np.array([4, 5])) == 0.5
    scores[1, 5] = 1
    assert top5(scores, np.array([4, 5])) == 1.0
