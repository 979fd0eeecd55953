"""A base and a step in place of a table: only where that is exact, and with as few bits as there can be."""

from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.dataflow import IntType
from hwcodesign.kinds.shared.threshold_unit import quantize
from hwcodesign.kinds.shared.uniform_thresholds import Line, line_through, most_fraction_bits, widest_spacing

LOW, HIGH = np.array([-60]), np.array([70])
RANGES = st.sampled_from([(-60, 70), (0, 70)])
COUNTS = st.sampled_from([3, 7, 15])
NUMBERS = st.fractions(-100, 100, max_denominator=50)


def straight(start: Fraction, step: Fraction, count: int) -> np.ndarray:
    """The thresholds of a quantizer whose levels change at start + t * step: the next integer from there."""
    return np.array([[-((-start - t * step).__floor__()) for t in range(count)]])


def reached(line: Line, value: int, element: IntType, count: int) -> int:
    """As the hardware counts: one bit after the other, the distance to a threshold in a register of few bits."""
    bits = count.bit_length()
    width = line.spacing.distance_bits(element, bits)
    total, distance = 0, int(line.base[0]) - (value << line.fraction_bits)
    for stage in range(bits):
        assert -(1 << width - 1) <= distance < 1 << width - 1, "the register overflows"
        total = 2 * total + (distance < 0)
        move = int(line.step[0]) << max(bits - 2 - stage, 0)
        distance += move if distance < 0 else -move
    return total


@given(NUMBERS, st.fractions(0, 40, max_denominator=50), COUNTS, RANGES)
def test_a_straight_line_is_found_and_counts_as_the_table_does(
    start: Fraction, step: Fraction, count: int, ends: tuple[int, int]
) -> None:
    thresholds = straight(start, step, count)
    line = line_through(thresholds, *(np.array([end]) for end in ends))
    assert line is not None
    values = np.arange(ends[0], ends[1] + 1)
    out_type = IntType(count.bit_length(), signed=False)
    table, spaced = (quantize(values[None], rows, out_type)[0] for rows in (thresholds, line.thresholds(count)))
    assert spaced.tolist() == table.tolist()
    assert [reached(line, int(value), IntType.holding(*ends), count) for value in values] == table.tolist()


@given(st.lists(st.integers(-9, 9), min_size=3, max_size=3), st.integers(-8, 0), st.integers(0, 8))
def test_a_line_is_found_if_there_is_one_and_none_is_coarser(numbers: list[int], low: int, high: int) -> None:
    """Against all bases and steps that could matter, by trying them."""
    thresholds, values = np.array([sorted(numbers)]), np.arange(low, high + 1)
    table = quantize(values[None], thresholds, IntType(2, signed=False)).tolist()

    def exists(fraction_bits: int) -> bool:
        bases, steps = (range(a << fraction_bits, b << fraction_bits) for a, b in ((-40, 40), (0, 40)))
        lines = (Line(fraction_bits, np.array([b]), np.array([s])) for b, s in product(bases, steps))
        return any(quantize(values[None], x.thresholds(3), IntType(2, signed=False)).tolist() == table for x in lines)

    found = line_through(thresholds, np.array([low]), np.array([high]))
    if found is None or found.fraction_bits > 0:
        assert not exists(0)
    else:
        assert quantize(values[None], found.thresholds(3), IntType(2, signed=False)).tolist() == table


@pytest.mark.parametrize("count", [3, 7, 15])
def test_the_fraction_bits_suffice_for_every_straight_line(count: int) -> None:
    """All lines of steps and starts in 0..1, of which all others are integer shifts: between the critical values."""
    slopes = sorted({Fraction(p, q) for q in range(1, count) for p in range(q + 1)})
    lines = set()
    for slope in [*slopes, *((a + b) / 2 for a, b in pairwise(slopes))]:
        starts = sorted({0, 1, *(-t * slope % 1 for t in range(count))})
        lines |= {tuple(straight((a + b) / 2, slope, count)[0]) for a, b in pairwise(starts)}
    far = np.full(len(lines), 1 << 20)
    line = line_through(np.array(sorted(lines)), -far, far)
    assert line is not None and line.fraction_bits <= most_fraction_bits(count)
    assert len(lines) > count**3 / 10, "digital lines of N points: N**3 / pi**2 of them, and lower orders"


def test_uneven_thresholds_stay_a_table() -> None:
    assert line_through(np.array([[0, 1, 10]]), LOW, HIGH) is None
    halves_to_even = np.array([[2, 3, 6, 7, 10, 11, 14]])  # x / 2, rounded: the halves of odd x go up and down in turn
    assert line_through(halves_to_even, LOW, HIGH) is None
    both = np.array([[0, 1, 10], [0, 5, 10]])
    assert line_through(both, np.repeat(LOW, 2), np.repeat(HIGH, 2)) is None, "one uneven channel is enough"


def test_what_is_out_of_reach_may_be_uneven() -> None:
    thresholds = np.array([[0, 3, 10]])
    assert line_through(thresholds, LOW, HIGH) is None
    line = line_through(thresholds, LOW, np.array([5]))
    assert line is not None and line.thresholds(3)[0, :2].tolist() == [0, 3] and line.thresholds(3)[0, 2] > 5


def test_one_threshold_is_its_own_base() -> None:
    assert line_through(np.array([[5]]), LOW, HIGH) is None
    assert widest_spacing(1, 12) is None


def test_an_enormous_accumulator_keeps_its_table() -> None:
    assert line_through(np.array([[0, 1, 2]]), np.array([-(1 << 40)]), np.array([1 << 40])) is None
