"""Boxes out of integer scores, and their mean average precision in cases that a person can work out."""

import json
from dataclasses import replace

import numpy as np
import pytest

from hwcodesign.core.boxes import BOX_NUMBERS, Anchors, Detections, changes_to
from hwcodesign.core.errors import UserError
from hwcodesign.core.picture_task import PictureTask
from hwcodesign.core.preprocessing import Preprocessing
from hwcodesign.core.score_map import INTEGERS, ScoreMap
from hwcodesign.core.tasks import Scored
from hwcodesign.core.tasks.detect import Detect, average_precision, detections

SIZES = ((8.0, 16.0), (20.0, 10.0))
PICTURES = PictureTask(Preprocessing((32, 64), 1), class_names=("ant", "bee"), task="detect", anchors=SIZES)
STEP = 2.0**-12
TRUE = np.array([[[0, 3, 4, 20, 13], [1, 40, 5, 52, 27]], [[1, 9, 9, 21, 30], [-1, -1, -1, -1, -1]]], dtype=float)


def perfect() -> Scored:
    """The scores of a network that finds all boxes of TRUE, and nothing else."""
    anchors = Anchors(SIZES, (32, 64)).boxes(4, 8)
    real = np.zeros((2, 64, 2 + BOX_NUMBERS))
    real[..., 2] = -20
    for picture, boxes in zip(real, TRUE, strict=True):
        for place, box in enumerate(boxes[boxes[:, 0] >= 0]):
            picture[10 * place, int(box[0])], picture[10 * place, 2] = 20, 20
            picture[10 * place, 3:] = changes_to(anchors[[10 * place]], box[None, 1:])[0]
    scores = np.rint(real.reshape(2, -1) / STEP).astype(np.int64)
    meaning = ScoreMap.of_map((4, 8, 14), np.full(14, STEP), np.zeros(14))
    return Scored(np.zeros((2, 32, 64, 1)), scores, meaning, PICTURES, TRUE)


def test_a_network_that_finds_everything_has_a_precision_of_one() -> None:
    assert Detect().figures(perfect()) == pytest.approx({"map50": 1.0})
    found = detections(perfect(), 0.3)
    assert [sorted(some.classes.tolist()) for some in found] == [[0, 1], [1]]
    assert np.allclose(found[1].boxes, TRUE[1, :1, 1:], atol=0.1)


def test_a_person_reads_what_is_where() -> None:
    first, second = Detect().answers(perfect())
    assert second[0].name == "bee from (9, 9) to (21, 30)" and second[0].score > 0.99
    assert {answer.name.split()[0] for answer in first} == {"ant", "bee"}


def test_a_class_that_is_missed_halves_the_mean() -> None:
    ants = Detections(TRUE[0, :1, 1:], np.array([0.9]), np.array([0]))
    nothing = Detections(np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.int64))
    assert average_precision([ants, nothing], TRUE) == pytest.approx(0.5)
    beside = Detections(TRUE[0, :1, 1:] + [12, 0, 12, 0], np.array([0.9]), np.array([0]))
    assert average_precision([beside, nothing], TRUE) == 0.0
    assert average_precision([nothing, nothing], TRUE) == 0.0


def test_without_labels_a_map_or_anchors_there_is_nothing_to_say() -> None:
    assert Detect().figures(replace(perfect(), labels=None)) == {}
    assert Detect().figures(replace(perfect(), meaning=INTEGERS)) == {}
    with pytest.raises(UserError, match="no map with known anchors"):
        Detect().answers(replace(perfect(), pictures=replace(PICTURES, anchors=())))


def test_anchors_travel_with_the_task() -> None:
    assert PictureTask.from_json(json.loads(PICTURES.text)) == PictureTask.from_text(PICTURES.text) == PICTURES
