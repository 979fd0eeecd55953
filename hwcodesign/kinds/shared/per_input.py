"""A parameter that holds one number for each input of a kernel."""

from collections.abc import Sequence

WORD = 32  # bits of each


def packed(numbers: Sequence[int]) -> int:
    """One number for all inputs, input 0 lowest; negative ones in two's complement."""
    return sum((number & (1 << WORD) - 1) << (WORD * port) for port, number in enumerate(numbers))
