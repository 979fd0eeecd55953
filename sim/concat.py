"""Cases of the concat: two to five inputs, equal and unequal channels, types alike and unlike."""

from dataclasses import replace

import numpy as np

from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import Folding, kind_of
from sim.bench import random_type

# For each rule of the kernel, parameters that break it.
BROKEN = {
    "lanes_divide_width": {"LANES": 3},
    "beat_bits_are_those_of_all_inputs": {"BEAT_BITS": 5},
    "width_is_positive": {"WIDTH": 0},
    "inputs_are_two_or_more": {"INPUTS": 1},
    "count_bits_hold_the_beats": {"COUNT_BITS": 0},
}
UNLIKE = (("uint4", "int4"), ("bipolar", "uint2"), ("int8", "bipolar", "int3"), ("uint1", "uint8"), ("bipolar", "int2"))


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """Random legal layers; see sim/bench.py."""
    return [_case(rng, inputs) for inputs in (2, 2, 2, 2, 3, 3, 4, 5)] + [_unlike(rng, names) for names in UNLIKE]


def _unlike(rng: np.random.Generator, names: tuple[str, ...]) -> tuple[Layer, Folding]:
    layer, folding = _case(rng, len(names))
    kinds = [IntType.parse(name) for name in names]
    inputs = tuple(replace(stream, type=kind) for stream, kind in zip(layer.inputs, kinds, strict=True))
    layer = replace(layer, inputs=inputs)
    return replace(layer, outputs=(kind_of(layer.kind).output(layer),)), folding


def _case(rng: np.random.Generator, inputs: int) -> tuple[Layer, Folding]:
    pe, kind = int(rng.integers(1, 6)), random_type(rng)
    height, width = int(rng.integers(1, 5)), int(rng.integers(1, 5))
    channels = [pe * int(rng.integers(1, 5)) for _ in range(inputs)]
    streams = tuple(Stream((height, width, count), kind) for count in channels)
    output = Stream((height, width, sum(channels)), kind)
    return Layer("concat", "concat", streams, (output,)), Folding(pe)
