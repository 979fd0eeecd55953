"""Thresholds of uniform quantizers: a base and a step for each channel in place of a table, where that is exact.

A uniform quantizer behind an affine map has thresholds on a straight line, rounded up to integers (a digital straight
line). Whether a base and a step in fixed point give the same integers is a question of integers, decided exactly here:
for every pair of thresholds the step may be no smaller and no larger than the two allow, and where all pairs agree
there is a base. What is always or never reached within the accumulator's reach may lie anywhere outside of it.
"""

from dataclasses import dataclass

import numpy as np

from hwcodesign.dataflow import IntType

FEWEST_THRESHOLDS = 3  # a single one is its own base
_WIDEST = 1 << 32  # larger accumulators keep a table, so that no int64 below overflows
_FREE = 1 << 44  # stands for no bound: more steps away than there are thresholds


@dataclass(frozen=True)
class Spacing:
    """How evenly spaced thresholds are stored: fraction bits of both numbers, all bits of base (signed) and step."""

    fraction_bits: int
    base_bits: int
    step_bits: int

    @property
    def bits(self) -> int:
        """Of one channel."""
        return self.base_bits + self.step_bits

    def distance_bits(self, element: IntType, count_bits: int) -> int:
        """Of the distance from an element to a threshold, as `Bits` in threshold_search.sv."""
        signed_bits = element.bits + (0 if element.signed else 1)
        return max(signed_bits + self.fraction_bits, self.base_bits, self.step_bits + count_bits - 2) + 1

    @property
    def numbers(self) -> tuple[int, int, int]:
        """As in a layer's attribute `spacing`."""
        return self.fraction_bits, self.base_bits, self.step_bits


@dataclass(frozen=True)
class Line:
    """Threshold t of channel c, from 0: the smallest v with v * 2**fraction_bits > base[c] + (t - middle) * step[c].

    `middle` is N // 2 of N thresholds. `base` and `step` are int64 (channels,), steps not negative.
    """

    fraction_bits: int
    base: np.ndarray
    step: np.ndarray

    @property
    def spacing(self) -> Spacing:
        """The narrowest that holds all channels."""
        low, high = min(int(self.base.min()), -1), int(self.base.max())
        return Spacing(self.fraction_bits, IntType.holding(low, high).bits, max(1, int(self.step.max()).bit_length()))

    def thresholds(self, count: int) -> np.ndarray:
        """The integers that the line stands for: (channels, count)."""
        places = np.arange(count) - count // 2
        rounded: np.ndarray = ((self.base[:, None] + places * self.step[:, None]) >> self.fraction_bits) + 1
        return rounded


def most_fraction_bits(count: int) -> int:
    """Enough for every straight line of `count` = 2**bits - 1 thresholds.

    Found by trying all lines of up to 63 thresholds, up to integer shifts of base and step (see the tests).
    """
    return 2 * count.bit_length() - 1


def widest_spacing(count: int, accumulator_bits: int) -> Spacing | None:
    """What `count` thresholds spread over an accumulator need at most; None where a table is no larger."""
    if count < FEWEST_THRESHOLDS:
        return None
    fraction = most_fraction_bits(count)
    bits = accumulator_bits + fraction
    return Spacing(fraction, bits, bits - count.bit_length() + 1)


def line_through(thresholds: np.ndarray, low: np.ndarray, high: np.ndarray) -> Line | None:
    """The line with the fewest fraction bits that is equal to `thresholds` for every value from `low` to `high`.

    `thresholds` are (channels, N) int64 and rise, the bounds are (channels,). None if there is no such line, and for
    fewer than FEWEST_THRESHOLDS, of which a table is no larger.
    """
    count = thresholds.shape[1]
    if count < FEWEST_THRESHOLDS or max(-int(low.min()), int(high.max())) >= _WIDEST:
        return None
    # Below the line's value, in units of 1: threshold - 1 <= line < threshold.
    never, always = thresholds > high[:, None], thresholds <= low[:, None]
    least = np.where(never, high[:, None], np.where(always, -_FREE, thresholds - 1))
    above = np.where(always, low[:, None], np.where(never, _FREE, thresholds))
    for fraction_bits in range(most_fraction_bits(count) + 1):
        line = _line(fraction_bits, least << fraction_bits, (above << fraction_bits) - 1)
        if line is not None:
            return line
    return None


def _line(fraction_bits: int, least: np.ndarray, most: np.ndarray) -> Line | None:
    """A line with least <= base + (t - middle) * step <= most, (channels, N), the smallest steps of all; or None."""
    count = least.shape[1]
    step, largest = np.zeros(len(least), np.int64), np.full(len(least), np.iinfo(np.int64).max)
    for apart in range(1, count):
        step = np.maximum(step, -((most[:, :-apart] - least[:, apart:]) // apart).min(axis=1))
        largest = np.minimum(largest, ((most[:, apart:] - least[:, :-apart]) // apart).min(axis=1))
    if np.any(step > largest):
        return None
    climb = (np.arange(count) - count // 2) * step[:, None]
    lowest, highest = (least - climb).max(axis=1), (most - climb).min(axis=1)
    assert np.all(lowest <= highest), "every pair of thresholds agreed on the step"
    return Line(fraction_bits, np.clip(0, lowest, highest), step)
