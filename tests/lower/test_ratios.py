"""Numbers as multiples of one unit: the smallest integers, or none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.lower.ratios import DECIMAL, MOST_MULTIPLIER, integer_ratios


@given(st.lists(st.integers(-300, 300), min_size=1, max_size=5), st.sampled_from([1.0, 0.1, 3.7e-5, 1e6]))
def test_multiples_are_found_and_are_the_smallest(multiples: list[int], unit: float) -> None:
    numbers = np.array(multiples) * unit
    found = integer_ratios(numbers)
    assert found is not None
    integers, step = found
    assert np.allclose(integers * step, numbers, rtol=1e-12)
    assert not any(multiples) or np.gcd.reduce(integers) == 1


def test_zeros_stay_zero() -> None:
    found = integer_ratios(np.array([0.0, 0.0]))
    assert found is not None and found[0].tolist() == [0, 0]


@pytest.mark.parametrize("numbers", [[1.0, np.sqrt(2)], [1.0, MOST_MULTIPLIER + 1.0]])
def test_what_has_no_small_ratio_has_none(numbers: list[float]) -> None:
    assert integer_ratios(np.array(numbers)) is None


def test_decimals_that_were_rounded_to_float32_are_known_again_where_that_is_meant() -> None:
    deviations = np.array([0.229, 0.224, 0.225], dtype=np.float32).astype(np.float64)
    assert integer_ratios(deviations) is None
    found = integer_ratios(deviations, DECIMAL)
    assert found is not None and found[0].tolist() == [229, 224, 225]
