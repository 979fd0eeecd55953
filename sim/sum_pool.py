"""Cases of the sum pool: every kind of type, windows of one to sixteen elements."""

import numpy as np

from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import Folding

# For each rule of the kernel, parameters that break it.
BROKEN = {"sizes_are_positive": {"WINDOW": 0}, "sum_bits_hold_an_element": {"IN_BITS": 2}}
CASES = (
    ("uint4", 9), ("int4", 9), ("bipolar", 4), ("uint8", 16), ("int8", 2), ("uint1", 6), ("int2", 1), ("bipolar", 9),
    ("bipolar", 1), ("uint3", 3),
)  # fmt: skip


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """One case for each line above, its lanes and data random."""
    return [_case(rng, IntType.parse(int_type), window) for int_type, window in CASES]


def _case(rng: np.random.Generator, int_type: IntType, window: int) -> tuple[Layer, Folding]:
    pe, folds = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    rows, columns = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    source = Stream((rows, columns, pe * folds * window), int_type)
    target = Stream((rows, columns, pe * folds), int_type.reach.times(window).type)
    return Layer("pool", "sum_pool", (source,), (target,), {"window": window}), Folding(pe)
