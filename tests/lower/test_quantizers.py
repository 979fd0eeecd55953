"""Thresholds against the definition of a quantizer, at every integer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwcodesign.dataflow import IntType
from hwcodesign.lower.quantizers import Grid, Quantizer, thresholds
from hwcodesign.lower.values import RELU, Affine, Function, Value, places

TYPES = [IntType(1, True), IntType(1, False), IntType(2, True), IntType(2, False), IntType(4, True), IntType(5, False)]
numbers = st.floats(-3.0, 3.0, allow_nan=False)


def _value(low: int, high: int, steps: tuple[Affine | Function, ...]) -> Value:
    bounds = (np.array([low]), np.array([high]))
    return Value("layer", (1, 1, 1), IntType(16, True), *bounds, steps, places((1, 1, 1)))


def _quantizer(kind: IntType, scale: float, low: int, high: int, rounding: np.ufunc) -> Quantizer:
    grid = Grid(kind, low, high, np.array(scale), np.array(0.0), rounding)
    return grid.quantizer(np.array([scale]), np.array([0.0]))


def _line(scale: float, bias: float) -> Affine:
    return Affine(np.array([scale]), np.array([bias]))


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(TYPES), st.sampled_from([np.round, np.floor, np.ceil, np.trunc]), st.booleans(),
    st.floats(0.0, 3.0), numbers, st.floats(1e-3, 3.0), st.booleans(), st.integers(-200, 0), st.integers(0, 200),
)  # fmt: skip
def test_counting_thresholds_is_quantizing(
    kind: IntType, rounding: np.ufunc, narrow: bool, factor: float, bias: float, scale: float, relu: bool,
    low: int, high: int,
) -> None:  # fmt: skip
    narrow = narrow and kind.signed and not kind.bipolar
    steps = (_line(factor, bias), RELU) if relu else (_line(factor, bias),)
    quantizer = _quantizer(kind, scale, kind.min + narrow, kind.max, rounding)
    value = _value(low, high, steps)
    levels = thresholds(value, quantizer)
    integers = np.arange(low, high + 1)
    reached = (integers[:, None] >= levels).sum(axis=1)
    wanted = quantizer.codes(value.real(integers[None, :]))[0]
    assert np.array_equal(2 * reached - 1 if kind.bipolar else kind.min + reached, wanted)
    assert np.all(np.diff(levels) >= 0)
    assert levels.min() >= low
    assert levels.max() <= high + 1


def test_halves_go_to_even() -> None:
    """Acc 1, 3 and 5 stand for 0.5, 1.5 and 2.5, which round to 0, 2 and 2."""
    levels = thresholds(_value(0, 20, (_line(0.5, 0.0),)), _quantizer(IntType(2, False), 1.0, 0, 3, np.round))
    assert levels.tolist() == [[2, 3, 6]]


@pytest.mark.parametrize(("scale", "bias", "wanted"), [(0.0, 1.0, -5), (0.0, -1.0, 6)])
def test_a_dead_channel_always_or_never_fires(scale: float, bias: float, wanted: int) -> None:
    quantizer = _quantizer(IntType(1, True), 1.0, -1, 1, np.round)
    assert thresholds(_value(-5, 5, (_line(scale, bias),)), quantizer).tolist() == [[wanted]]


@pytest.mark.parametrize("kind", [IntType(4, True), IntType(4, False), IntType(1, True)])
def test_where_levels_fall_they_are_counted_from_the_top(kind: IntType) -> None:
    value, quantizer = (
        _value(-40, 40, (_line(-0.3, 0.2),)),
        _quantizer(kind, 1.0, -1 if kind.bipolar else kind.min, kind.max, np.round),
    )
    integers = np.arange(-40, 41)
    wanted = quantizer.codes(value.real(integers[None, :]))[0]
    reached = (integers[:, None] >= thresholds(value, quantizer)).sum(axis=1)
    assert np.array_equal(1 - 2 * reached if kind.bipolar else kind.max - reached, wanted)
