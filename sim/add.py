"""Cases of the add: every kind of type, one or several lanes."""

import numpy as np

from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import Folding

TYPES = ("bipolar", "bipolar", "uint1", "uint2", "int2", "uint4", "int4", "uint8", "int8", "int5")


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """Random legal layers; see sim/bench.py."""
    return [_case(rng, IntType.parse(name)) for name in TYPES]


def _case(rng: np.random.Generator, int_type: IntType) -> tuple[Layer, Folding]:
    pe, folds = int(rng.integers(1, 7)), int(rng.integers(1, 4))
    shape = (int(rng.integers(1, 5)), int(rng.integers(1, 5)), pe * folds)
    stream = Stream(shape, int_type)
    return Layer("add", "add", (stream, stream), (Stream(shape, int_type.reach.times(2).type),)), Folding(pe)
