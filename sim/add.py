"""Cases of the add: every kind of type, one or several lanes."""

import numpy as np

from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import Folding

# For each rule of the kernel, parameters that break it.
BROKEN = {
    "sizes_are_positive": {"LANES": 0},
    "bipolar_is_one_bit": {"IN_BIPOLAR": 1, "OUT_BITS": 3},
    "out_bits_hold_the_sum": {"OUT_BITS": 8},
}
TYPES = ("bipolar", "bipolar", "uint1", "uint2", "int2", "uint4", "int4", "uint8", "int8", "int5")


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """Random legal layers; see sim/bench.py."""
    return [_case(rng, IntType.parse(name)) for name in TYPES]


def _case(rng: np.random.Generator, int_type: IntType) -> tuple[Layer, Folding]:
    pe, folds = int(rng.integers(1, 7)), int(rng.integers(1, 4))
    shape = (int(rng.integers(1, 5)), int(rng.integers(1, 5)), pe * folds)
    stream = Stream(shape, int_type)
    return Layer("add", "add", (stream, stream), (Stream(shape, int_type.reach.times(2).type),)), Folding(pe)
