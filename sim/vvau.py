"""Cases of the depthwise unit: every pair of operand types, with and without thresholds, folded in all ways."""

import numpy as np

from hwcodesign.dataflow import Attribute, IntType, Layer, Stream
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.kinds.shared.threshold_unit import step_count
from sim.bench import random_type
from sim.mvau import random_weights, requantized

# For each rule of the kernel, parameters that break it.
BROKEN = {
    "simd_divides_window": {"WINDOW": 5, "SIMD": 2},
    "pe_divides_channels": {"CHANNELS": 4, "PE": 3},
    "sizes_are_positive": {"WEIGHT_BITS": 0},
    "out_bits_are_acc_bits_without_thresholds": {"ACC_BITS": 4},
}
# (input, weights, output; none: raw sums), pixels, (blocks of channels, pe), outputs a channel, (steps, simd)
CASES = (
    ("uint4", "int4", "uint4", 3, (2, 4), 1, (9, 1)),
    ("uint8", "int8", None, 2, (3, 2), 1, (5, 1)),
    ("bipolar", "bipolar", "bipolar", 4, (1, 3), 1, (3, 3)),
    ("bipolar", "bipolar", None, 3, (4, 1), 2, (9, 1)),
    ("uint2", "int2", "uint2", 5, (1, 2), 1, (1, 9)),
    ("int4", "bipolar", "int4", 3, (2, 2), 3, (4, 1)),
    ("bipolar", "int4", "uint3", 3, (1, 1), 2, (1, 17)),
    ("uint3", "bipolar", None, 4, (1, 3), 1, (3, 2)),
    ("int8", "int3", "int2", 2, (1, 1), 1, (6, 1)),
    ("uint4", "uint3", "uint8", 3, (1, 2), 2, (2, 5)),
    ("int5", "uint2", "uint1", 3, (5, 1), 1, (1, 1)),
    ("uint8", "int4", "uint4", 6, (1, 8), 1, (1, 1)),
    ("uint4", "uint4", None, 4, (1, 1), 1, (1, 1)),
)
RANDOM_CASES = 5


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """The cases above, which reach every branch of the kernel, and some that are random in every respect.

    Thresholds are evenly spaced in every second one.
    """
    given = [_case(rng, *case, even=number % 2 > 0) for number, case in enumerate(CASES)]
    return given + [_any_case(rng) for _ in range(RANDOM_CASES)]


def _any_case(rng: np.random.Generator) -> tuple[Layer, Folding]:
    source, weight = str(random_type(rng)), str(random_type(rng))
    bits = int(rng.integers(1, 5))
    target = None if rng.random() < 0.25 else str(IntType(bits, signed=bool(rng.integers(2))))
    pixels, blocks, pe, multiplier, steps, simd = (int(n) for n in rng.integers(1, 5, 6))
    simd = 1 if blocks > 1 else simd
    return _case(rng, source, weight, target, pixels, (blocks, pe), multiplier, (steps, simd), bool(rng.integers(2)))


def _case(
    rng: np.random.Generator,
    source: str,
    weight: str,
    target: str | None,
    pixels: int,
    blocks: tuple[int, int],
    multiplier: int,
    steps: tuple[int, int],
    even: bool = False,
) -> tuple[Layer, Folding]:
    """A layer with random weights and thresholds, in the narrowest accumulator that holds all its sums."""
    in_type, weight_type = IntType.parse(source), IntType.parse(weight)
    channels, window = blocks[0] * blocks[1], steps[0] * steps[1]
    outputs, shape = channels * multiplier, (window, channels * multiplier)
    weights = random_weights(rng, weight_type, shape)
    acc_type, out_type, tensors = requantized(rng, weights, in_type, target, even)
    count = step_count(out_type) if target else 0
    attributes: dict[str, Attribute] = {
        "window": window, "weight_type": weight, "acc_type": str(acc_type), "thresholds": count
    }  # fmt: skip
    streams = (Stream((1, pixels, channels * window), in_type),), (Stream((1, pixels, outputs), out_type),)
    layer = Layer("depthwise", "vvau", *streams, attributes, tensors)
    return kind_of("vvau").completed(layer), Folding(blocks[1], steps[1])
