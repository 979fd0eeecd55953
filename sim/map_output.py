"""Cases of the map output: every kind of type, maps of one and of several pixels."""

import numpy as np

from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import Folding

# For each rule of the kernel, parameters that break it.
BROKEN = {"sizes_are_positive": {"IN_BITS": 0}, "out_bits_hold_an_element": {"IN_BITS": 2}}
# A fault that the bench must notice: right text, wrong text, what the message says.
FAULTS = {"a sign lost": ("{(OUT_BITS - 1) {!in_data_i[0]}}", "{(OUT_BITS - 1) {1'b0}}", "expected")}
TYPES = ("int12", "uint4", "bipolar", "int2", "uint1", "int8", "uint8", "int20")


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """A random map of each of the types."""
    return [_case(rng, IntType.parse(name)) for name in TYPES]


def _case(rng: np.random.Generator, int_type: IntType) -> tuple[Layer, Folding]:
    shape = (int(rng.integers(1, 5)), int(rng.integers(1, 5)), int(rng.integers(1, 6)))
    target = Stream(shape, int_type.reach.signed_type)
    return Layer("scores", "map_output", (Stream(shape, int_type),), (target,)), Folding(1)
