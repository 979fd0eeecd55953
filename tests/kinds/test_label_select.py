"""Label select: which class wins, which of equals, and what cannot be asked of it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import Folding, kind_of

SELECT = kind_of("label_select")


def make(classes: int, top: int, out_bits: int = 8) -> Layer:
    return Layer(
        "label_select",
        "label_select",
        (Stream((1, 1, classes), IntType(8, signed=True)),),
        (Stream((1, 1, classes + top), IntType(out_bits, signed=True)),),
        {"top": top},
    )


@given(st.lists(st.integers(-3, 3), min_size=2, max_size=12), st.integers(1, 8))
def test_scores_then_the_best_and_of_equals_the_first(scores: list[int], top: int) -> None:
    top = min(top, len(scores))
    output = SELECT.run(make(len(scores), top), [np.array([[[scores]]])])[0][0, 0, 0].tolist()
    ranking = sorted(range(len(scores)), key=lambda index: (-scores[index], index))
    assert output == scores + ranking[:top]


def test_one_element_a_cycle() -> None:
    layer = make(10, 3)
    SELECT.check(layer)
    assert SELECT.foldings(layer) == [Folding(1)]
    assert SELECT.cycles(layer, Folding(1)) == 13


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (make(10, 0), "1 to 8 of 10"),
        (make(10, 9), "1 to 8 of 10"),
        (make(3, 4), "1 to 3 of 3"),
        (make(200, 1), "from -128 to 199 do not fit a signed int8"),
        (make(10, 1, out_bits=7), "do not fit"),
        (replace(make(10, 1), outputs=(Stream((1, 1, 10), IntType(8, True)),)), r"\(1, 1, 11\), not"),
        (replace(make(10, 1), inputs=(Stream((2, 1, 10), IntType(8, True)),)), "one pixel"),
    ],
)
def test_refuses(layer: Layer, message: str) -> None:
    with pytest.raises(UserError, match=f"label_select: .*{message}"):
        SELECT.check(layer)
