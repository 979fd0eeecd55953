"""Cases of the padding: even and uneven borders, none on some sides, one pixel, borders of any value."""

from dataclasses import replace

import numpy as np

from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import Folding
from sim.bench import random_type

# For each rule of the kernel, parameters that break it.
BROKEN = {
    "sizes_are_positive": {"BEATS": 0},
    "bits_divide_width": {"BITS": 3},
    "borders_are_not_negative": {"LEFT": -1},
}
PADS = ((1, 1, 1, 1), (2, 2, 2, 2), (0, 1, 0, 1), (1, 0, 0, 0), (0, 0, 0, 3), (0, 2, 3, 0), (3, 1, 2, 0), (0, 0, 0, 0))
VALUED = ("int4", "bipolar", "uint3", "int8", "int2", "uint8")


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """Random legal layers; see sim/bench.py."""
    found = [_case(rng, pad) for pad in PADS] + [_case(rng, (1, 1, 1, 1), one_pixel=True)]
    return found + [_with_value(rng, *_case(rng, pad), name) for pad, name in zip(PADS, VALUED, strict=False)]


def _with_value(rng: np.random.Generator, layer: Layer, folding: Folding, name: str) -> tuple[Layer, Folding]:
    """The lowest value of the type, or of some types any."""
    int_type = IntType.parse(name)
    value = int_type.min if rng.integers(2) or int_type.bipolar else int(rng.integers(int_type.min, int_type.max + 1))
    inputs, outputs = ((replace(side[0], type=int_type),) for side in (layer.inputs, layer.outputs))
    return replace(layer, inputs=inputs, outputs=outputs, attributes={**layer.attributes, "value": value}), folding


def _case(rng: np.random.Generator, pad: tuple[int, int, int, int], one_pixel: bool = False) -> tuple[Layer, Folding]:
    top, left, bottom, right = pad
    height, width = (1, 1) if one_pixel else (int(rng.integers(1, 6)), int(rng.integers(1, 6)))
    pe, folds = int(rng.integers(1, 6)), int(rng.integers(1, 4))
    int_type = random_type(rng, bipolar=False)
    source = Stream((height, width, pe * folds), int_type)
    padded = Stream((top + height + bottom, left + width + right, pe * folds), int_type)
    return Layer("pad", "padding", (source,), (padded,), {"pad": pad}), Folding(pe)
