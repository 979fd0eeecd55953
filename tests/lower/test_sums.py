"""Sums of separate quantizers: the factors that are found are exact for every combination, or the message counts."""

from itertools import product

import numpy as np
import pytest

from hwcodesign.dataflow import IntType
from hwcodesign.lower import sums
from hwcodesign.lower.joins import add
from hwcodesign.lower.quantizers import Quantizer, grid_of
from hwcodesign.lower.values import Value
from hwcodesign.lower.walk import Walk
from tests.lower.walking import node, problems, value, walk

JOIN = ("x.a", "x.b")


def quantizer(bits: int, scale: float) -> Quantizer:
    zero = np.zeros(2)
    return grid_of(bits, False, False, np.full(2, scale), zero, "ROUND").quantizer(np.full(2, scale), zero)


def summed(walked: Walk, scales: tuple[float, float], bits: int = 3) -> tuple[Value, Value, Value]:
    first, second = (
        value(int_type=IntType(bits, signed=False), scale=scale, operation=name)
        for name, scale in zip("ab", scales, strict=True)
    )
    found = add(walked, node("Add", JOIN, layer="bypass"), first, second)
    assert found is not None and found.terms
    return first, second, found


@pytest.mark.parametrize("scales", [(0.37, 0.19 * 2**0.5), (1.0, 0.3333), (0.05, 0.8123)])
def test_every_combination_is_quantized_as_in_real_numbers(scales: tuple[float, float]) -> None:
    walked = walk()
    first, second, total = summed(walked, scales)
    asked = quantizer(2, 0.9)
    found = sums.quantize(walked, node("Quant"), total, asked)
    assert found is not None and found.operation == "bypass.quantizer"
    adds, levels = walked.operations["bypass"], walked.operations["bypass.quantizer"].thresholds
    assert adds.operator == "weighted_sum" and levels is not None
    for a, b in product(range(8), range(8)):
        integer = adds.attributes["factors"][0] * a + adds.attributes["factors"][1] * b
        real = first.real(np.full((2, 1), a)) + second.real(np.full((2, 1), b))
        assert (levels[0] <= integer).sum() == asked.codes(real)[0, 0], (a, b)


def test_where_no_small_factors_are_exact_the_combinations_that_differ_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With factors of 1 and 2 alone: 1 + 0.7 and 2 + 0 have one sum and two levels, or 2 + 0 lies above 0 + 2.1."""
    monkeypatch.setattr(sums, "MOST_FACTOR", 2)
    monkeypatch.setattr(sums, "_COUNTED", 1)
    walked = walk()
    _, _, total = summed(walked, (1.0, 0.7 + 1e-9 * 2**0.5))
    assert sums.quantize(walked, node("Quant"), total, quantizer(3, 0.31)) is None
    told = problems(walked)
    assert "bypass: its inputs (a and b) come from separate quantizers: with whole factors up to 2" in told
    assert "of the 64 combinations" in told and "one shared QuantReLU" in told


def test_more_combinations_than_can_be_tried_are_not() -> None:
    walked = walk()
    _, _, total = summed(walked, (1.0, 0.7071), bits=10)
    assert sums.quantize(walked, node("Quant"), total, quantizer(2, 1.0)) is None
    assert "1,048,576 combinations of their integers" in problems(walked)


def test_what_is_no_sum_is_quantized_as_ever() -> None:
    walked = walk()
    found = sums.quantize(walked, node("Quant", layer="act"), value(), quantizer(2, 4.0))
    assert found is not None and walked.operations["act"].operator == "thresholding"
