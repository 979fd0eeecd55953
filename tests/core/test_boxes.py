"""Anchors become boxes and back; of a map of scores, what is likely is found once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.core.boxes import BOX_NUMBERS, Anchors, changes_to, detect, moved, overlap

ANCHORS = Anchors(((8.0, 16.0), (20.0, 10.0)), (32, 64))
CLASSES = 3


def nothing() -> np.ndarray:
    """A map of 4 x 8 pixels, of which no anchor is sure."""
    scores = np.zeros((4, 8, 2, CLASSES + BOX_NUMBERS))
    scores[..., CLASSES] = -20
    return scores


def test_anchors_lie_in_the_middle_of_their_cells() -> None:
    boxes = ANCHORS.boxes(4, 8).reshape(4, 8, 2, 4)
    assert boxes[0, 0].tolist() == [[4, 4, 16, 8], [4, 4, 10, 20]]
    assert boxes[3, 7, 1].tolist() == [60, 28, 10, 20]


@given(st.integers(0, 63), st.tuples(*[st.floats(-2, 2)] * 4))
def test_changes_make_an_anchor_the_box_that_they_were_worked_out_for(which: int, changes: tuple[float, ...]) -> None:
    anchor = ANCHORS.boxes(4, 8)[[which]]
    boxes = moved(anchor, np.array([changes]))
    assert np.allclose(changes_to(anchor, boxes), [changes])


@pytest.mark.parametrize(
    ("box", "other", "share"),
    [((0, 0, 4, 4), (0, 0, 4, 4), 1.0), ((0, 0, 4, 4), (2, 0, 6, 4), 1 / 3), ((0, 0, 4, 4), (4, 4, 8, 8), 0.0)],
)
def test_overlap_is_intersection_over_union(box: tuple[int, ...], other: tuple[int, ...], share: float) -> None:
    assert overlap(np.array(box, float), np.array(other, float)) == pytest.approx(share)


def test_one_object_is_found_once_and_two_classes_may_share_a_place() -> None:
    scores = nothing()
    for anchor, klass, confidence in ((0, 1, 5.0), (1, 1, 2.0), (1, 2, 2.0)):
        row = 1 if klass == 1 else 3
        scores[row, 2, anchor, klass] = 10
        scores[row, 2, anchor, CLASSES] = confidence
        scores[row, 2, anchor, -4:] = changes_to(
            ANCHORS.boxes(4, 8).reshape(4, 8, 2, 4)[row, 2, [anchor]], np.array([[10.0, 5.0, 30.0, 25.0]])
        )
    found = detect(scores.reshape(4, 8, -1), ANCHORS, threshold=0.5)
    assert found.classes.tolist() == [1, 2] and found.scores[0] > found.scores[1] > 0.5
    assert np.allclose(found.boxes, [[10, 5, 30, 25]] * 2)


def test_boxes_are_cut_at_the_border_and_there_may_be_none() -> None:
    scores = nothing()
    assert [len(part) for part in detect(scores.reshape(4, 8, -1), ANCHORS)] == [0, 0, 0]
    scores[0, 0, 0, [0, CLASSES, CLASSES + 3, CLASSES + 4]] = 9, 9, 50, 50
    found = detect(scores.reshape(4, 8, -1), ANCHORS)
    assert found.boxes.tolist() == [[0, 0, 64, 32]]
