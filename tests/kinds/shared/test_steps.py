"""Guessed and corrected thresholds against a search among them, for every value that can be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.dataflow import IntType
from hwcodesign.kinds.shared.steps import Steps, exact_type
from hwcodesign.kinds.shared.threshold_unit import quantize, step_count


def check(thresholds: np.ndarray, low: int, high: int, out_type: IntType) -> Steps:
    """All values from `low` to `high` in every channel; the object, for what a test asks of it besides."""
    channels = len(thresholds)
    values = np.repeat(np.arange(low, high + 1)[:, None], channels, axis=1)
    bounds = np.full(channels, low), np.full(channels, high)
    steps = Steps(thresholds, *bounds, exact_type(max(-low, high) + 1), out_type)
    found = steps.quantized(values)
    assert found.dtype == out_type.dtype
    assert np.array_equal(found.T, quantize(values.T, thresholds, out_type))
    return steps


@given(st.builds(IntType, st.integers(1, 5), st.booleans()), st.integers(-40, 0), st.integers(0, 40), st.data())
def test_any_thresholds(out_type: IntType, low: int, high: int, data: st.DataObject) -> None:
    count = step_count(out_type)
    numbers = st.lists(st.integers(-60, 60), min_size=count, max_size=count)
    check(np.array([sorted(data.draw(numbers)) for _ in range(3)]), low, high, out_type)


@pytest.mark.parametrize("step", [1.0, 3.7, 40.2, 181.03])
@pytest.mark.parametrize("low", [-30_000, 100])
def test_uniform_thresholds_are_not_searched(step: float, low: int) -> None:
    """Of eight bits, some out of reach on either side, as lowering leaves them: just outside."""
    starts = np.array([-200.0, 17.3, 5_000.5, 40_000.0])
    thresholds = np.ceil(starts[:, None] + step * np.arange(255)).astype(np.int64)
    steps = check(np.clip(thresholds, low, 30_001), low, 30_000, IntType(8, False))
    assert step < 2 or not len(steps._searched)


def test_thresholds_far_from_a_line_are_searched() -> None:
    curve = (np.arange(255) ** 2)[None]
    steps = check(np.concatenate([curve, 250 * np.arange(255)[None]]), -5, 70_000, IntType(8, False))
    assert steps._searched.tolist() == [0]
