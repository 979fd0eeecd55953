"""Concatenations and sums: bounds, lines and the smallest factors, or what to share."""

import numpy as np
import pytest

from hwcodesign.dataflow import IntType
from hwcodesign.lower import joins
from hwcodesign.lower.values import RELU, Affine, Constant
from tests.lower.walking import node, problems, value, walk

A, B = value(operation="a"), value(operation="b")
JOIN = ("x.a", "x.b")


def test_channels_stand_side_by_side_in_order() -> None:
    made = walk()
    wide = value((3, 4, 4), operation="b", scale=0.25)
    found = joins.concat(made, node("Concat", JOIN, axis=1), A, wide)
    assert found is not None and found.shape == (5, 4, 4) and found.is_map
    assert found.affine is not None and found.affine.scale.tolist() == [0.5] * 2 + [0.25] * 3
    assert made.operations["layer"].sources == ("a", "b")


def test_unlike_types_stand_side_by_side_in_one_that_holds_both() -> None:
    made, narrow = walk(), value(int_type=IntType(3, signed=True), operation="b")
    found = joins.concat(made, node("Concat", JOIN, axis=1), A, narrow)
    assert found is not None and found.low.tolist() == [0, 0, -4, -4] and found.high.tolist() == [15, 15, 3, 3]
    assert found.type == IntType(5, signed=True)


def test_equal_scales_add_integers() -> None:
    made = walk()
    found = joins.add(made, node("Add", JOIN), A, B)
    assert found is not None and found.scale == 0.5 and found.high.tolist() == [30, 30]
    assert made.operations["layer"].operator == "add" and found.type == IntType(5, signed=False)


@pytest.mark.parametrize(("scale", "factors", "unit"), [(1.5, (1, 3), 0.5), (0.75, (2, 3), 0.25), (0.25, (2, 1), 0.25)])
def test_whole_ratios_become_the_smallest_factors(scale: float, factors: tuple[int, int], unit: float) -> None:
    made = walk()
    found = joins.add(made, node("Add", JOIN), A, value(operation="b", scale=scale))
    assert found is not None and found.scale == unit
    assert made.operations["layer"].attributes == {"factors": factors}
    assert found.high.tolist() == [15 * sum(factors)] * 2


def test_other_ratios_wait_for_a_quantizer() -> None:
    made = walk()
    found = joins.add(made, node("Add", JOIN), A, value(operation="b", scale=0.5 * 2**0.5))
    assert found is not None and [term.operation for term in found.terms] == ["a", "b"] and not made.operations
    three = joins.add(made, node("Add", JOIN), found, value(operation="c", scale=0.9))
    assert three is not None and [term.operation for term in three.terms] == ["a", "b", "c"]


def test_biases_add_up() -> None:
    shifted = B.followed_by(Affine(np.ones(2), np.array([1.0, 2.0])))
    found = joins.summed(walk(), "sum", (A, shifted), (1, 1), 0.5)
    assert found.affine is not None and found.affine.bias.tolist() == [1.0, 2.0]


def test_the_same_map_twice_is_twice_its_numbers_without_hardware() -> None:
    made = walk()
    found = joins.add(made, node("Add", ("x", "x")), A, A)
    assert found is not None and found.scale == 1.0 and not made.operations


@pytest.mark.parametrize(
    ("join", "inputs", "message"),
    [
        (joins.concat, (A, Constant(np.zeros(2))), "it joins a constant to a feature map"),
        (joins.concat, (A, value((2, 2, 2), operation="b")), "differ in height or width"),
        (joins.add, (A, value((2, 2, 2), operation="b")), "are of 2 x 4 x 4 and 2 x 2 x 2"),
        (joins.add, (A, value(int_type=IntType(12, True), operation="b").followed_by(RELU)), "not all its inputs"),
    ],
)
def test_what_cannot_be_joined_is_told(join, inputs, message: str) -> None:  # type: ignore[no-untyped-def]
    made = walk()
    assert join(made, node("Add", JOIN), *inputs) is None
    assert message in problems(made)


def test_accumulators_are_joined_at_the_networks_end_alone() -> None:
    """There they are the scores of several outputs."""
    joined, accumulators = node("Concat", JOIN), value(operation="b", open=True)
    assert joins.concat(walk(joined), joined, A, accumulators) is not None
    inside = walk(joined, node("Relu", joined.outputs, "behind"))
    assert joins.concat(inside, joined, A, accumulators) is None
    assert "not all its inputs (a and b) are quantized" in problems(inside)
