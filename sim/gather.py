"""Cases of the gather: slices in blocks of channels, shuffles and choices of all kinds in one beat."""

import numpy as np

from hwcodesign.dataflow import Layer, Stream
from hwcodesign.kinds import Folding
from sim.bench import random_type

# For each rule of the kernel, parameters that break it.
BROKEN = {"sizes_are_positive": {"BITS": 0}, "wires_lie_in_a_beat": {"WIRES": 1}}
# A fault that the bench must notice: right text, wrong text, what the message says.
FAULTS = {
    "a channel that nobody wants": ("out_valid_o <= in_valid_i && kept;", "out_valid_o <= in_valid_i;", "expected")
}
# Channels, those that are taken, channels a beat.
SLICES = (
    (8, range(0, 4), 2), (8, range(4, 8), 4), (6, range(2, 5), 1), (12, range(3, 9), 3), (8, (0, 1, 6, 7), 2),
    (6, range(6), 2),
)  # fmt: skip
RANDOM_CASES = 6


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """The slices above, shuffles of two and three groups, and random choices, some channels more than once."""
    found = [_case(rng, channels, chosen, pe) for channels, chosen, pe in SLICES]
    for groups, each in ((2, 3), (3, 2), (4, 4)):
        shuffled = np.arange(groups * each).reshape(groups, each).T.ravel()
        found.append(_case(rng, groups * each, shuffled, groups * each))
    for _ in range(RANDOM_CASES):
        channels = int(rng.integers(1, 9))
        found.append(_case(rng, channels, rng.integers(0, channels, int(rng.integers(1, 10))), channels))
    return found


def _case(
    rng: np.random.Generator, channels: int, chosen: range | tuple[int, ...] | np.ndarray, pe: int
) -> tuple[Layer, Folding]:
    height, width = int(rng.integers(1, 5)), int(rng.integers(1, 5))
    int_type, numbers = random_type(rng), tuple(int(channel) for channel in chosen)
    source = Stream((height, width, channels), int_type)
    target = Stream((height, width, len(numbers)), int_type)
    return Layer("gather", "gather", (source,), (target,), {"channels": numbers}), Folding(pe)
