"""Weighted sum: exact sums of unlike types in the narrowest type; what has no sum is refused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Attribute, IntType, Layer, Stream
from hwcodesign.graph.builder import Assembly
from hwcodesign.kinds import kind_of

SUM = kind_of("weighted_sum")
TYPE = st.builds(IntType, st.integers(1, 6), st.booleans())
FACTOR = st.integers(-9, 9).filter(bool)


def make(kinds: list[IntType], factors: tuple[int, ...]) -> Layer:
    inputs = tuple(Stream((1, 1, 2), kind) for kind in kinds)
    layer = Layer("sum", "weighted_sum", inputs, (), {"factors": factors})
    return replace(layer, outputs=(SUM.output(layer),))


@given(st.lists(st.tuples(TYPE, FACTOR), min_size=2, max_size=4))
def test_the_type_is_the_narrowest_that_holds_every_sum(terms: list[tuple[IntType, int]]) -> None:
    kinds, factors = [kind for kind, _ in terms], tuple(factor for _, factor in terms)
    layer = make(kinds, factors)
    SUM.check(layer)
    ends = [(kind.min if factor > 0 else kind.max, kind.max if factor > 0 else kind.min) for kind, factor in terms]
    inputs = [np.array(pair).reshape(1, 1, 1, 2) for pair in ends]
    low, high = SUM.run(layer, inputs)[0].ravel().tolist()
    assert low == sum(factor * end[0] for factor, end in zip(factors, ends, strict=True))
    assert layer.output.type == IntType.holding(low, high)


def test_the_builder_makes_what_the_kind_takes() -> None:
    assembly = Assembly("input", Stream((2, 2, 3), IntType(4, False)))
    assembly.weighted_sum("sum", ["input", "input", "input"], [1, -2, 3])
    layer = assembly.finish({}).layers[-1]
    SUM.check(layer)
    assert str(layer.output.type) == "int7" and len(layer.inputs) == 3


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"factors": (1,)}, "as many factors"),
        ({"factors": (1, 0)}, "none of them 0"),
        ({"factors": (3, 1)}, "is .* uint6"),
    ],
)
def test_refuses(attributes: dict[str, Attribute], message: str) -> None:
    layer = make([IntType(4, False), IntType(4, False)], (1, 1))
    with pytest.raises(UserError, match=f"sum: .*{message}"):
        SUM.check(replace(layer, attributes=attributes))


def test_refuses_maps_of_unlike_shapes() -> None:
    layer = make([IntType(4, False), IntType(4, False)], (1, 1))
    other = replace(layer, inputs=(layer.input, Stream((1, 2, 2), IntType(4, False))))
    with pytest.raises(UserError, match=r"sum: .* one shape, not \(1, 1, 2\) and \(1, 2, 2\)"):
        SUM.check(other)
