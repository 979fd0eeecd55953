"""Label select with a scale and a bias for each class: the class is that of the real scores."""

from dataclasses import replace

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.core.score_map import ScoreMap
from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.graph.builder import Assembly
from hwcodesign.kinds import Folding, kind_of

SELECT = kind_of("affine_label_select")
MEANING = ScoreMap.of(np.array([0.5, 0.203125, -0.375, 0.0]), np.array([0.0, 3.0, 1.0, 2.5]))


def make(meaning: ScoreMap, classes: int, top: int = 1, kind: str = "int6") -> Layer:
    assembly = Assembly("input", Stream((1, 1, classes), IntType.parse(kind)))
    assembly.label_select("input", top, meaning)
    return assembly.finish({}).layers[-1]


def test_the_best_are_those_of_the_real_scores() -> None:
    layer = make(MEANING, 4, top=4)
    SELECT.check(layer)
    scores = np.random.default_rng(0).integers(-32, 32, (500, 1, 1, 4))
    values = SELECT.run(layer, [scores])[0][:, 0, 0]
    assert (values[:, :4] == scores[:, 0, 0]).all()
    assert (values[:, 4:] == np.argsort(-MEANING.affine(scores[:, 0, 0]), axis=1, kind="stable")).all()


def test_keys_beyond_64_bits_are_compared_exactly() -> None:
    layer = make(ScoreMap.of(np.array([1e-30, 1.0])), 2)
    assert layer.number("key_bits") > 64
    values = SELECT.run(layer, [np.array([[[[1, 0]]], [[[0, 0]]], [[[-1, 0]]], [[[5, 1]]]])])[0]
    assert values[:, 0, 0, 2].tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("meaning", [ScoreMap(), ScoreMap.of(0.3, 2.0), ScoreMap.of(0.3, 2.0, "softmax")])
def test_one_map_for_all_classes_takes_no_keys(meaning: ScoreMap) -> None:
    assert make(meaning, 4).kind == "label_select"


def test_one_score_takes_no_keys() -> None:
    assert make(ScoreMap.of(-0.3, 2.0), 1).kind == "label_select"


def test_proven_bounds_make_narrower_keys() -> None:
    def bits(reach: int) -> int:
        assembly = Assembly("input", Stream((1, 1, 4), IntType(16, True)))
        assembly.label_select("input", 1, MEANING, np.full(4, -reach), np.full(4, reach))
        return assembly.finish({}).layers[-1].number("key_bits")

    assert bits(10) < bits(1000) < bits(32768)


def test_every_class_has_a_factor_and_an_offset() -> None:
    layer = make(MEANING, 4)
    with pytest.raises(UserError, match=r"label_select: 4 classes .* not \[3, 4\]"):
        SELECT.check(replace(layer, attributes={**layer.attributes, "factors": (1, 2, 3)}))


def test_costs_follow_the_keys() -> None:
    narrow, wide = make(MEANING, 4, kind="int4"), make(MEANING, 4, kind="int12")
    assert SELECT.logic(narrow, Folding()).lut < SELECT.logic(wide, Folding()).lut
    (memory,) = SELECT.memories(wide, Folding())
    image = SELECT.images(wide, Folding())["classes"]
    assert (memory.words, memory.width) == (len(image.words), image.width) == (4, memory.width)
