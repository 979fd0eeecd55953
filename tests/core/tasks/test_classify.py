"""Classes that are right: ranked by the host, or named by the hardware itself."""

from dataclasses import replace

import numpy as np

from hwcodesign.core.picture_task import PictureTask
from hwcodesign.core.preprocessing import Preprocessing
from hwcodesign.core.score_map import INTEGERS, ScoreMap
from hwcodesign.core.tasks.classify import Classify
from hwcodesign.core.tasks.task import Scored

SCORES = np.array([[6, 5, 4, 3, 2, 1]] * 4)
ASKED = Scored(
    np.zeros((4, 1, 1, 1)), SCORES, INTEGERS, PictureTask(Preprocessing((1, 1), 1), top5=True), np.array([0, 4, 5, 5])
)


def test_top5_where_it_is_asked_for() -> None:
    assert Classify().figures(ASKED) == {"top1": 0.25, "top5": 0.5}
    assert Classify().figures(replace(ASKED, pictures=PictureTask(Preprocessing((1, 1), 1)))) == {"top1": 0.25}


def test_hardwares_own_choice_counts() -> None:
    assert Classify().figures(replace(ASKED, chosen=np.array([[0], [4], [5], [0]])))["top1"] == 0.75


def test_biases_count_and_a_map_names_no_class() -> None:
    biased = ScoreMap(bias=(0.0, 0.0, 0.0, 0.0, 0.0, 10.0))
    assert Classify().decided(SCORES, biased).tolist() == [5] * 4
    assert Classify().figures(replace(ASKED, meaning=biased))["top1"] == 0.5
    assert Classify().figures(replace(ASKED, meaning=ScoreMap(shape=(1, 1, 6)))) == {}
