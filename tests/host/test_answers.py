"""Classes by name, best first."""

from dataclasses import replace

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.core.picture_task import PictureTask
from hwcodesign.core.preprocessing import Preprocessing
from hwcodesign.core.score_map import ScoreMap
from hwcodesign.host import Predictions
from hwcodesign.host.answers import answers
from tests.host.test_contract import PIXELS

SIX = replace(PIXELS, classes=6, score_map=ScoreMap((0.5,), (0.0,)))
TASK = PictureTask(Preprocessing((2, 4), 1), class_names=("ant", "bee", "cat", "dog", "elk"), top5=True)
SCORES = np.array([[3, 9, -2, 9, 8, 0], [1, 2, 3, 4, 5, 6]])
FRAMES = np.zeros((2, 2, 4, 1), dtype=np.int64)
SAID = Predictions(SCORES, np.array([[1], [5]]))


def test_five_with_names_and_equal_scores_in_order() -> None:
    first, second = answers(replace(SIX, task=TASK), FRAMES, SAID)
    assert first == [("bee", 4.5), ("dog", 4.5), ("elk", 4.0), ("ant", 1.5), ("(5)", 0.0)]
    assert [name for name, _ in second] == ["(5)", "elk", "dog", "cat", "bee"]


@pytest.mark.parametrize(("task", "name"), [(replace(TASK, top5=False), "bee"), (None, "1")])
def test_one_without_top5_by_number_without_names(task: PictureTask | None, name: str) -> None:
    assert answers(replace(SIX, task=task), FRAMES, SAID)[0] == [(name, 4.5)]


def test_as_many_as_the_board_names() -> None:
    two = Predictions(SCORES, np.array([[1, 3], [5, 4]]))
    assert [len(best) for best in answers(replace(SIX, top=2), FRAMES, two)] == [2, 2]


def test_one_score_is_a_value_or_tells_two_classes_apart() -> None:
    said = Predictions(np.array([[4], [-4]]), np.array([[1], [0]]))
    value = replace(PIXELS, classes=1, score_map=ScoreMap((0.5,), (0.0,)))
    assert answers(value, FRAMES, said) == [[("", 2.0)], [("", -2.0)]]
    sigmoid = replace(
        value, score_map=ScoreMap((0.5,), (0.0,), "sigmoid"), task=replace(TASK, class_names=("no", "yes"))
    )
    assert [best[0].name for best in answers(sigmoid, FRAMES, said)] == ["yes", "no"]


def test_a_map_of_scores_names_no_class() -> None:
    seen = replace(SIX, score_map=ScoreMap.of_map((1, 3, 2), np.ones(2), np.zeros(2)))
    with pytest.raises(UserError, match=r"names no class: it gives 2 scores for each of 1 x 3 pixels"):
        answers(seen, FRAMES, SAID)
