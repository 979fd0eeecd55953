"""Quantizers end the layer in front, or stand alone, or cost nothing; in each case every integer is quantized alike."""

from dataclasses import replace

import numpy as np
import pytest

from hwcodesign.dataflow import IntType
from hwcodesign.lower.activations import clean, few_bits, quantize, settled
from hwcodesign.lower.quantizers import Quantizer, grid_of
from hwcodesign.lower.values import RELU, Affine, Value
from hwcodesign.lower.walk import Walk
from tests.lower.walking import UINT4, node, problems, value, walk

UNIT = np.ones((2, 1, 1, 1), dtype=np.int64)


def quantizer(bits: int = 2, signed: bool = False, scale: float = 1.0) -> Quantizer:
    zero = np.zeros(2)
    return grid_of(bits, signed, False, np.full(2, scale), zero, "ROUND").quantizer(np.full(2, scale), zero)


def matrix(walked: Walk, scale: float = 0.25) -> Value:
    """Sums of a matrix, from -20 to 20, which nothing has closed."""
    bounds = {"low": np.array([-20, -20]), "high": np.array([20, 20])}
    name = walked.operation("conv1", "mvau", value(), weights=UNIT.copy(), **bounds)
    return replace(value(scale=scale, int_type=IntType(6, True)), operation=name, open=True, **bounds)


def codes(levels: np.ndarray, integers: np.ndarray, int_type: IntType) -> np.ndarray:
    reached = (integers[None, :, None] >= levels[:, None, :]).sum(axis=2)
    return 2 * reached - 1 if int_type.bipolar else int_type.min + reached


def test_sums_get_thresholds_and_no_layer_more() -> None:
    walked = walk()
    sums, asked = matrix(walked), quantizer()
    found = quantize(walked, node("Quant"), sums, asked)
    assert found is not None and not found.open and list(walked.operations) == ["conv1"]
    made = walked.operations["conv1"]
    integers = np.arange(-20, 21)
    assert made.thresholds is not None and made.out_type == found.type == asked.type
    wanted = asked.codes(sums.real(np.tile(integers, (2, 1))))
    assert (codes(made.thresholds, integers, asked.type) == wanted).all()


def test_sums_that_fall_turn_their_rows() -> None:
    walked = walk()
    sums = replace(matrix(walked), steps=(Affine(np.array([-0.25, 0.25]), np.zeros(2)),))
    quantize(walked, node("Quant"), sums, quantizer())
    made = walked.operations["conv1"]
    assert made.weights is not None and made.weights[:, 0, 0, 0].tolist() == [-1, 1]
    assert (made.low[0], made.high[0]) == (-20, 20)


def test_sums_that_somebody_else_reads_get_a_layer_of_their_own() -> None:
    walked = walk()
    found = quantize(walked, node("Quant", layer="act"), replace(matrix(walked), alone=False), quantizer())
    assert found is not None and found.operation == "act"
    assert walked.operations["act"].operator == "thresholding" and walked.operations["conv1"].thresholds is None


@pytest.mark.parametrize("operator", ["add", "weighted_sum"])
def test_a_sums_quantizer_carries_the_sums_name(operator: str) -> None:
    walked = walk()
    name = walked.operation("bypass", operator, value(), value())
    found = quantize(walked, node("Quant", layer="act"), replace(value(), operation=name), quantizer())
    assert found is not None and found.operation == "bypass.quantizer"


def test_a_quantizer_that_changes_nothing_costs_nothing() -> None:
    walked, source = walk(), value(scale=0.5)
    found = quantize(walked, node("Quant"), source, quantizer(bits=4, scale=0.5))
    assert found is not None and found.operation == source.operation and not walked.operations


def test_more_bits_than_thresholds_can_be_are_told() -> None:
    walked = walk()
    assert not few_bits(walked, node("Quant"), quantizer(bits=9))
    assert "its activation has 9 bits -> use at most 8 bits" in problems(walked)
    assert quantize(walked, node("Quant"), matrix(walked), quantizer(bits=9)) is None


def test_a_clip_of_quantized_integers_goes_into_the_thresholds_that_made_them() -> None:
    walked = walk()
    quantized = quantize(walked, node("Quant"), matrix(walked), quantizer(bits=3, signed=True))
    assert quantized is not None
    before = codes(walked.operations["conv1"].thresholds, np.arange(-20, 21), IntType(3, True))  # type: ignore[arg-type]
    found = settled(walked, node("Relu"), quantized.followed_by(RELU))
    made = walked.operations["conv1"]
    assert found.affine is not None and made.out_type == found.type == IntType(2, signed=False)
    assert made.thresholds is not None
    assert (codes(made.thresholds, np.arange(-20, 21), found.type) == np.maximum(before, 0)).all()


def test_a_clip_of_the_frames_is_a_layer() -> None:
    walked, signed = walk(), value(int_type=IntType(3, signed=True), scale=2.0)
    found = settled(walked, node("Relu", layer="relu"), signed.followed_by(RELU))
    assert found.operation == "relu" and found.scale == 2.0 and found.high.tolist() == [3, 3]
    untouched = value()
    assert settled(walked, node("Relu"), untouched) is untouched


def test_behind_a_problem_all_integers_may_come_and_nobody_believes_them() -> None:
    found = clean(value(open=True), IntType(2, True), value().steps[0])  # type: ignore[arg-type]
    assert not found.known and not found.open and (found.low[0], found.high[0]) == (-2, 1)
    assert clean(value(), UINT4, value().steps[0]).high.tolist() == [15, 15]  # type: ignore[arg-type]
