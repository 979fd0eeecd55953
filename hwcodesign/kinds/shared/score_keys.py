"""Integers that order the scores of a network as their real values do, where each class has its own scale and bias.

Class c's score x stands for scale[c] * x + bias[c]. Its key is factor[c] * x + offset[c], in integers as small as can
be shown to be enough: of any two classes, whatever their scores, the keys compare as the real values do, which are
taken exactly (float64 numbers are fractions), and are equal where those are.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

MOST_COMPARED = 100  # classes: with more, comparing every pair takes too long, and the keys are the exact values


@dataclass(frozen=True)
class Keys:
    """`factors` and `offsets` of the classes, and the `bits` of a signed integer that holds every key."""

    factors: tuple[int, ...]
    offsets: tuple[int, ...]
    bits: int


@dataclass(frozen=True)
class _Line:
    """slope * x + start, integers, for low <= x <= high."""

    slope: int
    start: int
    low: int
    high: int

    def __call__(self, x: int) -> int:
        return self.slope * x + self.start


def keys_of(scale: Sequence[float], bias: Sequence[float], low: Sequence[int], high: Sequence[int]) -> Keys:
    """The keys of classes whose scores lie between `low` and `high`; all of one length, all numbers finite."""
    scales, biases = [Fraction(number) for number in scale], [Fraction(number) for number in bias]
    if len(set(scales)) == 1 and scales[0] != 0:
        lines = _of_one_scale(scales[0], biases, low, high)
    else:
        lines = _of_several_scales(scales, biases, low, high)
    divisor = math.gcd(*(number for line in lines for number in (line.slope, line.start))) or 1
    factors, offsets = (tuple(n // divisor for n in ns) for ns in ([x.slope for x in lines], [x.start for x in lines]))
    ends = [f * x + o for f, o, *xs in zip(factors, offsets, low, high, strict=True) for x in xs]
    return Keys(factors, offsets, max(_signed_bits(end) for end in ends))


def _of_one_scale(scale: Fraction, biases: list[Fraction], low: Sequence[int], high: Sequence[int]) -> list[_Line]:
    """A bias moves a score by whole steps and a part of one; of the parts, only their order matters."""
    steps = [bias / abs(scale) for bias in biases]
    parts = sorted({step - math.floor(step) for step in steps})
    sign = 1 if scale > 0 else -1
    return [
        _Line(sign * len(parts), len(parts) * math.floor(step) + parts.index(step - math.floor(step)), *ends)
        for step, *ends in zip(steps, low, high, strict=True)
    ]


def _of_several_scales(
    scales: list[Fraction], biases: list[Fraction], low: Sequence[int], high: Sequence[int]
) -> list[_Line]:
    """The exact values as integers, without the lowest bits that no comparison needs."""
    unit = math.lcm(*(number.denominator for number in (*scales, *biases)))
    exact = [_Line(int(s * unit), int(b * unit), *ends) for s, b, *ends in zip(scales, biases, low, high, strict=True)]
    if len(exact) > MOST_COMPARED:
        return exact
    pairs = list(combinations(range(len(exact)), 2))
    shift = min(_droppable(exact[i], exact[j]) for i, j in pairs)
    ties = [(i, j, *tie) for i, j in pairs for tie in _ties(exact[i], exact[j])]
    while True:
        rounded = [_rounded(line, shift) for line in exact]
        if all(rounded[i](x) == rounded[j](y) for i, j, x, y in ties):
            return rounded
        shift -= 1  # down to 0, where nothing is rounded


def _rounded(line: _Line, shift: int) -> _Line:
    half = (1 << shift) >> 1
    return _Line((line.slope + half) >> shift, (line.start + half) >> shift, line.low, line.high)


def _droppable(first: _Line, second: _Line) -> int:
    """How many of the lowest bits may be rounded away so that no two values that differ change their order."""
    reach = sum(max(abs(line.low), abs(line.high)) + 1 for line in (first, second))
    # Rounding moves a difference by less than or just 2**shift * reach / 2; that must stay below the least difference.
    return max(0, ((2 * _least_difference(first, second) - 1) // reach).bit_length() - 1)


def _least_difference(first: _Line, second: _Line) -> int:
    """A lower bound, above 0, of |first(x) - second(y)| where the two differ.

    second's y is taken to be any integer: then the difference is what is left of first(x) - second(0) when multiples of
    second's slope are taken away, from below or from above.
    """
    if first.slope == 0:
        first, second = second, first
    start, count = first(first.low) - second.start, first.high - first.low + 1
    # A slope of 0 takes nothing away: any modulus beyond all values does the same.
    modulus = abs(second.slope) or 2 * (abs(start) + abs(first.slope) * count + 1)
    above = _least_remainder(count, modulus, first.slope, start - 1) + 1  # of 1 to modulus: 0 counts as modulus
    below = _least_remainder(count, modulus, -first.slope, -start - 1) + 1
    return min(above, below)


def _least_remainder(count: int, modulus: int, step: int, start: int) -> int:
    """The least (step * n + start) mod modulus of 0 <= n < count, in a number of steps like Euclid's.

    Only the first value, and those just after the sum has passed a multiple of the modulus, can be the least; the
    latter are again a progression, modulo the step.
    """
    least = modulus
    while True:
        step, start = step % modulus, start % modulus
        if 2 * step > modulus:  # the same values from the other end, in steps of less than half
            start, step = (start + step * (count - 1)) % modulus, modulus - step
        least = min(least, start)
        passed = (start + step * (count - 1)) // modulus
        if step == 0 or passed == 0:
            return least
        count, modulus, step, start = passed, step, -modulus, start - modulus


def _ties(first: _Line, second: _Line) -> Iterator[tuple[int, int]]:
    """The first and the last pair (x, y) of equal values: what is equal at both is equal at all between."""
    if first.slope == 0 and second.slope == 0:
        if first.start == second.start:
            yield first.low, second.low
        return
    if second.slope == 0:
        yield from ((x, y) for y, x in _ties(second, first))
        return
    divisor = math.gcd(first.slope, second.slope)
    a, b, c = first.slope // divisor, second.slope // divisor, second.start - first.start
    if c % divisor:
        return
    # first.slope * x - second.slope * y = c: one solution, and all others by steps of (b, a).
    b_size = abs(b)
    x = (c // divisor) * pow(a, -1, b_size) % b_size if b_size > 1 else 0
    x += -((x - first.low) // b_size) * b_size  # the first that is not below first.low
    y = (first(x) - second.start) // second.slope
    step_y = a * b_size // b
    least, most = 0, (first.high - x) // b_size
    if step_y == 0:
        most = most if second.low <= y <= second.high else -1
    else:
        ends = [Fraction(limit - y, step_y) for limit in (second.low, second.high)]
        least, most = max(least, math.ceil(min(ends))), min(most, math.floor(max(ends)))
    if least <= most:
        for step in {least, most}:
            yield x + step * b_size, y + step * step_y


def _signed_bits(number: int) -> int:
    return (number if number >= 0 else -number - 1).bit_length() + 1
