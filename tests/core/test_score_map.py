"""What scores mean: real values, functions at the end, classes, and what is the same for all classes."""

from dataclasses import asdict
from fractions import Fraction

import numpy as np
import pytest

from hwcodesign.core.score_map import ScoreMap

PER_CLASS = ScoreMap.of(np.array([0.5, 0.25, 0.5]), np.array([0.0, 3.0, -1.0]))


def test_each_class_has_its_own_line() -> None:
    assert PER_CLASS.real(np.array([[2, 4, 6]])).tolist() == [[1.0, 4.0, 2.0]]
    assert not PER_CLASS.keeps_order


def test_the_class_is_that_of_the_real_scores() -> None:
    assert PER_CLASS.classes(np.array([[2, 4, 6], [9, 4, 6], [8, 4, 10]])).tolist() == [1, 0, 0]


def test_what_all_classes_share_is_kept_once() -> None:
    assert ScoreMap.of(np.full(10, 0.1), np.zeros(10)) == ScoreMap.of(0.1)


def test_what_float64_cannot_tell_apart_is_ranked_exactly() -> None:
    near = ScoreMap.of(np.array([0.1, 0.3, 1.0]), np.array([0.0, 0.0, -1e9]))
    assert Fraction(0.3) < 3 * Fraction(0.1) and 0.1 * 3 > 0.3
    assert near.ranked(np.array([[3, 1, 0], [-3, -1, 0]])).tolist() == [[0, 1, 2], [1, 0, 2]]
    tied = ScoreMap.of(np.array([0.5, 0.25]), np.array([0.0, 0.0]))
    assert tied.ranked(np.array([[1, 2], [-1, -2]])).tolist() == [[0, 1], [0, 1]]
    assert near.classes(np.array([[1, 1, 2**31]])).tolist() == [2]


@pytest.mark.parametrize(("scale", "bias", "keeps"), [(0.1, 5.0, True), (-0.1, 0.0, False), (0.0, 0.0, False)])
def test_one_positive_scale_and_one_bias_keep_the_order(scale: float, bias: float, keeps: bool) -> None:
    assert ScoreMap.of(scale, bias).keeps_order == keeps


def test_softmax_and_sigmoid_are_those_of_the_real_scores() -> None:
    scores = np.array([[2, 4, 6], [2000, 4000, -4000]])
    real = PER_CLASS.affine(scores)
    softmax = ScoreMap.of(PER_CLASS.scale, PER_CLASS.bias, "softmax").real(scores)
    assert np.allclose(softmax.sum(axis=1), 1) and (softmax.argmax(axis=1) == real.argmax(axis=1)).all()
    assert np.allclose(softmax[0], np.exp(real[0]) / np.exp(real[0]).sum())
    sigmoid = ScoreMap.of(PER_CLASS.scale, PER_CLASS.bias, "sigmoid").real(scores)
    assert np.allclose(sigmoid[0], 1 / (1 + np.exp(-real[0]))) and sigmoid[1].tolist() == [1, 1, 0]


def test_of_one_score_the_sign_is_the_class() -> None:
    assert ScoreMap.of(0.5, -1.0, "sigmoid").classes(np.array([[1], [2], [3]])).tolist() == [0, 0, 1]


@pytest.mark.parametrize("document", [{"scale": [1], "bias": [0]}, {"scale": [1], "bias": [0], "function": "exp"}])
def test_other_documents_are_refused(document: dict[str, list[float] | str]) -> None:
    with pytest.raises((KeyError, ValueError)):
        ScoreMap.parse(document)  # type: ignore[arg-type]


def test_a_map_comes_back_from_json_and_has_channels_innermost() -> None:
    meant = ScoreMap.of_map((2, 3, 2), np.array([0.5, 0.25]), np.array([0.0, 1.0]))
    assert ScoreMap.parse(asdict(meant) | {"shape": [2, 3, 2]}) == meant
    tensor = np.arange(12).reshape(1, 2, 2, 3)  # (1, channels, height, width)
    assert meant.in_order(tensor).reshape(2, 3, 2)[1, 2].tolist() == [5, 11]
    assert meant.in_order(np.arange(12)[None]).tolist() == list(range(12))
    assert meant.affine(np.ones(12, dtype=np.int64))[:2].tolist() == [0.5, 1.25]
