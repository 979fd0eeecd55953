"""Cases of the pixel shuffle: square blocks, blocks of a row and of a column, one pixel; also with the least buffer."""

from dataclasses import replace

import numpy as np

from hwcodesign.dataflow import Layer, Stream
from hwcodesign.kinds import Folding, kind_of
from sim.bench import random_type

# For each rule of the kernel, parameters that break it.
BROKEN = {"factor_is_positive": {"FACTOR_H": 0}}
# Faults that the bench must notice: right text, wrong text, what the message says.
FAULTS = {
    "pieces side by side": (".DILATION_W(FACTOR_H)", ".DILATION_W(1)", "expected|standing|cycles"),
    "a row too few": (".WIDTH(WIDTH * FACTOR_H)", ".WIDTH(WIDTH * FACTOR_H - 1)", "expected|standing|cycles"),
}
FACTORS = ((2, 2), (2, 2), (3, 3), (1, 2), (2, 1), (3, 2), (4, 1))


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """A random map and folding for each of the factors, a single pixel, and all of them with less buffer."""
    found = [_case(rng, factors) for factors in FACTORS] + [_case(rng, (2, 3), one_pixel=True)]
    return found + [_with_less(rng, *case) for case in found]


def _with_less(rng: np.random.Generator, layer: Layer, folding: Folding) -> tuple[Layer, Folding]:
    """The least that the ring buffer can be, or somewhat more."""
    sizes = kind_of(layer.kind).buffer(layer, folding)
    assert sizes is not None
    pieces = int(rng.choice([sizes.least, rng.integers(sizes.least, sizes.most + 1)]))
    return replace(layer, attributes={**layer.attributes, "buffer": pieces}), folding


def _case(rng: np.random.Generator, factors: tuple[int, int], one_pixel: bool = False) -> tuple[Layer, Folding]:
    height, width = (1, 1) if one_pixel else (int(rng.integers(1, 5)), int(rng.integers(1, 5)))
    pe, blocks, int_type = int(rng.integers(1, 5)), int(rng.integers(1, 4)), random_type(rng)
    source = Stream((height, width, pe * blocks * factors[0] * factors[1]), int_type)
    layer = Layer("shuffle", "depth_to_space", (source,), (source,), {"factors": factors})
    return replace(layer, outputs=(kind_of(layer.kind).output(layer),)), Folding(pe)
