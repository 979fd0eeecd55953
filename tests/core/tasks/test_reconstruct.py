"""Anomalies by their reconstruction error, and the area under their curve against scikit-learn's."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from hwcodesign.core.picture_task import PictureTask
from hwcodesign.core.preprocessing import Preprocessing
from hwcodesign.core.score_map import ScoreMap
from hwcodesign.core.tasks import Scored
from hwcodesign.core.tasks.reconstruct import Reconstruct, anomaly_scores, roc_auc

RNG = np.random.default_rng(3)
PICTURES = PictureTask(Preprocessing((1, 2), 3), mean=(1.0, 2.0, 3.0), divisor=(2.0,), task="reconstruct")


def scored(labels: list[int] | None = None) -> Scored:
    """Four frames whose every number comes back a half too high, but for one of the last frame."""
    frames = RNG.integers(0, 256, (4, 1, 2, 3))
    wanted = (frames - np.array([1.0, 2.0, 3.0])) / 2.0
    scores = np.rint((wanted.reshape(4, 6) + 0.5 - 1.0) / 0.5).astype(np.int64)
    scores[3, 5] += 12
    return Scored(frames, scores, ScoreMap((0.5,), (1.0,)), PICTURES, None if labels is None else np.array(labels))


@pytest.mark.parametrize("levels", [3, 10, 10**9])
def test_the_area_is_scikit_learns_with_and_without_equal_scores(levels: int) -> None:
    normal, others = RNG.integers(0, levels, 70), RNG.integers(0, levels, 31) + levels // 4
    labels = np.repeat([0, 1], [70, 31])
    expected = roc_auc_score(labels, np.concatenate([normal, others]))
    assert np.isclose(roc_auc(normal, others), expected, rtol=1e-12)


def test_the_error_is_that_of_real_numbers_in_the_order_of_the_frame() -> None:
    assert anomaly_scores(scored()).tolist() == [0.25, 0.25, 0.25, (5 * 0.25 + 6.5**2) / 6]
    assert Reconstruct().answers(scored())[0] == [("", 0.25)]


def test_what_a_family_gives_beyond_the_input_does_not_count() -> None:
    one = scored()
    more = replace(one, scores=np.hstack([one.scores, np.full((4, 2), 99)]))
    assert (anomaly_scores(more) == anomaly_scores(one)).all()


def test_the_figure_needs_both_sorts_of_labels() -> None:
    assert Reconstruct().figures(scored([0, 0, 0, 1])) == {"auc": 1.0}
    assert Reconstruct().figures(scored([0, 0, 1, 1])) == {"auc": 0.75}
    assert Reconstruct().figures(scored([1, 1, 1, 1])) == Reconstruct().figures(scored()) == {}
