"""A parameter that holds one number for each input of a kernel, or for each lane or beat."""

from collections.abc import Sequence

WORD = 32  # bits of each


class Words(int):
    """A parameter of so many `bits`, the highest of which may be 0."""

    bits: int


def packed(numbers: Sequence[int]) -> Words:
    """One number for all inputs, input 0 lowest; negative ones in two's complement."""
    made = Words(sum((number & (1 << WORD) - 1) << (WORD * port) for port, number in enumerate(numbers)))
    made.bits = WORD * len(numbers)
    return made
