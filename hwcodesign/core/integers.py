"""Integer types (bits, and the bit patterns that stand for values) and intervals (which values there can be)."""

import re
from dataclasses import dataclass
from functools import cache

import numpy as np

MOST_BITS = 64


@dataclass(frozen=True, order=True)
class Interval:
    """Every integer from `low` to `high`, both included: what a value can be, however many bits it has."""

    low: int
    high: int

    def __add__(self, other: "Interval") -> "Interval":
        """What a sum of one number of each can be."""
        return Interval(self.low + other.low, self.high + other.high)

    def times(self, count: int) -> "Interval":
        """What a sum of `count` numbers can be."""
        return Interval(count * self.low, count * self.high)

    def scaled(self, factor: int) -> "Interval":
        """What `factor` times a number can be."""
        return Interval(*sorted((factor * self.low, factor * self.high)))

    def including(self, *values: int) -> "Interval":
        """The narrowest that holds all of it and `values`."""
        return Interval(min(self.low, *values), max(self.high, *values))

    @property
    def type(self) -> "IntType":
        """The narrowest type (never bipolar) that holds it."""
        return IntType.holding(self.low, self.high)

    @property
    def signed_type(self) -> "IntType":
        """The narrowest signed type that holds it."""
        return IntType.holding(min(self.low, -1), self.high)


@dataclass(frozen=True, order=True)
class IntType:
    """An integer type of 1 to 64 bits in two's complement; one signed bit means bipolar {-1, +1}, stored 0 and 1."""

    bits: int
    signed: bool

    @property
    def bipolar(self) -> bool:
        return self.bits == 1 and self.signed

    @property
    def min(self) -> int:
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def max(self) -> int:
        if self.bipolar:
            return 1
        return (1 << (self.bits - 1)) - 1 if self.signed else (1 << self.bits) - 1

    @property
    def reach(self) -> Interval:
        """What its bits can hold; what a value can be may be less."""
        return Interval(self.min, self.max)

    @property
    def dtype(self) -> np.dtype:
        """The narrowest of numpy's integers that holds every one."""
        width = next(width for width in (8, 16, 32, 64) if self.bits <= width)
        return np.dtype(f"{'int' if self.signed or width == 64 else 'uint'}{width}")

    @classmethod
    def holding(cls, low: int, high: int) -> "IntType":
        """The narrowest type (never bipolar) that holds every integer from `low` to `high`."""
        if low >= 0:
            return cls(max(1, high.bit_length()), signed=False)
        return cls(max(2, (-low - 1).bit_length() + 1, high.bit_length() + 1 if high > 0 else 1), signed=True)

    def encode(self, values: np.ndarray) -> np.ndarray:
        """The bit patterns (unsigned integers below 2**bits) that stand for `values`, any shape."""
        if self.bipolar:
            return (np.asarray(values) > 0).astype(np.int64)
        return np.asarray(values, dtype=np.int64) & np.int64((1 << self.bits) - 1)

    def decode(self, patterns: np.ndarray) -> np.ndarray:
        """The values (int64) that the bit patterns stand for, any shape; the inverse of `encode`."""
        codes = np.asarray(patterns, dtype=np.int64)
        if self.bipolar:
            return 2 * codes - 1
        if not self.signed:
            return codes
        sign = np.int64(1) << (self.bits - 1)
        return (codes ^ sign) - sign

    def __str__(self) -> str:
        return "bipolar" if self.bipolar else f"{'int' if self.signed else 'uint'}{self.bits}"

    @classmethod
    def parse(cls, text: str) -> "IntType":
        """The inverse of `str`. Raises ValueError for any other text."""
        return _parsed(text)


@cache
def _parsed(text: str) -> IntType:
    """Asked for every folding of every layer, and of few texts."""
    if text == "bipolar":
        return IntType(1, signed=True)
    found = re.fullmatch(r"(u?)int(\d+)", text)
    if not found or not 1 <= int(found[2]) <= MOST_BITS:
        raise ValueError(f"{text!r} is no integer type of 1 to {MOST_BITS} bits")
    return IntType(int(found[2]), signed=not found[1])


PIXEL = IntType(8, signed=False)  # of an image, unless somebody says otherwise
