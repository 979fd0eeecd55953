"""Cases of the global pool: every kind of type, one to many channel folds, feature maps down to one pixel."""

import numpy as np

from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import Folding

# For each rule of the kernel, parameters that break it.
BROKEN = {"sizes_are_positive": {"PIXELS": 0}, "sum_bits_hold_an_element": {"IN_BITS": 2}}
# type, map (height, width), folds of the channels
CASES = (
    ("uint4", (4, 4), 5),
    ("int4", (3, 5), 3),
    ("bipolar", (3, 3), 2),
    ("uint8", (2, 2), 1),
    ("int6", (1, 7), 1),
    ("bipolar", (4, 2), 1),
    ("uint2", (1, 1), 4),
    ("int8", (1, 1), 1),
    ("uint1", (5, 3), 2),
)


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """One case for each line above, its lanes and data random."""
    return [_case(rng, IntType.parse(int_type), size, folds) for int_type, size, folds in CASES]


def _case(rng: np.random.Generator, int_type: IntType, size: tuple[int, int], folds: int) -> tuple[Layer, Folding]:
    pe, pixels = int(rng.integers(1, 5)), size[0] * size[1]
    source = Stream((*size, pe * folds), int_type)
    target = Stream((1, 1, pe * folds), IntType.holding(pixels * int_type.min, pixels * int_type.max))
    return Layer("pool", "global_acc_pool", (source,), (target,)), Folding(pe)
