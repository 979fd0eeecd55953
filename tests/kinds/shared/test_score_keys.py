"""Keys order scores exactly as the real values do, which fractions check; and stay narrow."""

from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwcodesign.kinds.shared.score_keys import MOST_COMPARED, Keys, keys_of

REAL = st.floats(-8, 8, allow_nan=False, width=32)
FEW = st.sampled_from([-0.75, -0.5, 0.0, 0.25, 0.5, 1.5, 0.1, 0.2, 0.3])


def require_same_order(keys: Keys, scale: list[float], bias: list[float], low: list[int], high: list[int]) -> None:
    ranges = [range(a, b + 1) for a, b in zip(low, high, strict=True)]
    for i, j in combinations(range(len(scale)), 2):
        for x, y in product(ranges[i], ranges[j]):
            real = Fraction(scale[i]) * x + Fraction(bias[i]) - Fraction(scale[j]) * y - Fraction(bias[j])
            key = keys.factors[i] * x + keys.offsets[i] - keys.factors[j] * y - keys.offsets[j]
            assert (real > 0) - (real < 0) == (key > 0) - (key < 0), (i, j, x, y, keys)
    reach = [f * x + o for f, o, xs in zip(keys.factors, keys.offsets, ranges, strict=True) for x in (xs[0], xs[-1])]
    assert -(1 << keys.bits - 1) <= min(reach) and max(reach) < 1 << keys.bits - 1


@settings(deadline=None, max_examples=60)
@given(st.data(), st.sampled_from([REAL, FEW]), st.booleans())
def test_any_two_scores_compare_as_their_real_values(
    data: st.DataObject, numbers: st.SearchStrategy[float], one: bool
) -> None:
    classes = data.draw(st.integers(2, 4))
    scale = data.draw(st.lists(numbers, min_size=classes, max_size=classes))
    scale = scale[:1] * classes if one else scale
    bias = data.draw(st.lists(numbers, min_size=classes, max_size=classes))
    low = data.draw(st.lists(st.integers(-6, 0), min_size=classes, max_size=classes))
    high = data.draw(st.lists(st.integers(0, 6), min_size=classes, max_size=classes))
    require_same_order(keys_of(scale, bias, low, high), scale, bias, low, high)


def test_one_scale_takes_no_more_than_the_order_of_the_parts() -> None:
    bias = np.random.default_rng(1).normal(0, 3, 10).tolist()
    keys = keys_of([0.037] * 10, bias, [-8] * 10, [8] * 10)
    assert set(keys.factors) == {10} and keys.bits <= 9 + 4
    require_same_order(keys, [0.037] * 10, bias, [-8] * 10, [8] * 10)


def test_whole_steps_of_one_scale_cost_no_multiplier() -> None:
    keys = keys_of([0.25] * 3, [0.5, -0.25, 1.0], [-4] * 3, [4] * 3)
    assert keys == Keys((1, 1, 1), (2, -1, 4), 5)


@pytest.mark.parametrize("classes", [10, MOST_COMPARED + 1])
def test_wide_scores_of_many_scales(classes: int) -> None:
    rng, reach = np.random.default_rng(classes), 1 << 12
    scale, bias = (rng.random(classes) * np.float32(0.1)).tolist(), rng.normal(0, 3, classes).tolist()
    keys = keys_of(scale, bias, [-reach] * classes, [reach] * classes)
    for _ in range(2000):
        i, j = rng.choice(classes, 2, replace=False)
        x = int(rng.integers(-reach, reach + 1))
        crossing = (scale[i] * x + bias[i] - bias[j]) / scale[j]  # where the two are closest
        for y in (int(np.clip(np.floor(crossing) + step, -reach, reach)) for step in (0, 1)):
            real = Fraction(scale[i]) * x + Fraction(bias[i]) - Fraction(scale[j]) * y - Fraction(bias[j])
            key = keys.factors[i] * x + keys.offsets[i] - keys.factors[j] * y - keys.offsets[j]
            assert (real > 0) - (real < 0) == (key > 0) - (key < 0)


def test_keys_are_narrower_than_the_exact_values() -> None:
    rng = np.random.default_rng(3)
    scale, bias = (rng.random(3) + 0.1).tolist(), rng.normal(0, 3, 3).tolist()
    assert keys_of(scale, bias, [-50] * 3, [50] * 3).bits < 30
