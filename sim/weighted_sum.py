"""Cases of the weighted sum: two to four inputs of unlike types, factors of both signs, one or several lanes."""

from dataclasses import replace

import numpy as np

from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import Folding, kind_of

# For each rule of the kernel, parameters that break it.
BROKEN = {"sizes_are_positive": {"OUT_BITS": 0}, "beat_bits_are_those_of_all_inputs": {"BEAT_BITS": 3}}
# types, factors
CASES = (
    (("uint4", "uint4"), (1, 1)),
    (("uint4", "int4"), (3, 5)),
    (("uint8", "uint2"), (1, -7)),
    (("bipolar", "bipolar", "bipolar"), (1, 1, 1)),
    (("bipolar", "uint3"), (-2, 13)),
    (("int8", "int8", "uint1", "int3"), (100, -1, 4, -128)),
    (("uint1", "uint1"), (1, 2)),
    (("int5", "uint5", "bipolar"), (-1, -1, -1)),
    (("int2", "int2"), (12345, -6789)),
)


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """Random legal layers; see sim/bench.py."""
    return [_case(rng, [IntType.parse(name) for name in names], factors) for names, factors in CASES]


def _case(rng: np.random.Generator, kinds: list[IntType], factors: tuple[int, ...]) -> tuple[Layer, Folding]:
    pe, folds = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    shape = (int(rng.integers(1, 5)), int(rng.integers(1, 5)), pe * folds)
    inputs = tuple(Stream(shape, kind) for kind in kinds)
    layer = Layer("sum", "weighted_sum", inputs, (), {"factors": factors})
    return replace(layer, outputs=(kind_of(layer.kind).output(layer),)), Folding(pe)
