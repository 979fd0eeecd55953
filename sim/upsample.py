"""Cases of the upsampling: whole factors along both sides, along one, of one pixel, of several beats a pixel."""

import numpy as np

from hwcodesign.dataflow import Layer, Stream
from hwcodesign.kinds import Folding
from sim.bench import random_type

# For each rule of the kernel, parameters that break it.
BROKEN = {"sizes_are_positive": {"COLUMNS": 0}, "factors_make_more_pixels": {"FACTOR_H": 1, "FACTOR_W": 1}}
# Faults that the bench must notice: right text, wrong text, what the message says.
FAULTS = {
    "the row before": ("from_row_q <= !fresh;", "from_row_q <= row_q != '0;", "expected"),
    "a copy too few": ("CopyBits'(FACTOR_W - 1)", "CopyBits'(FACTOR_W - 2)", "expected|standing|cycles"),
}
FACTORS = ((2, 2), (2, 2), (1, 2), (2, 1), (3, 2), (1, 4), (4, 1), (3, 3))


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """A random map and folding for each of the factors, and a single pixel."""
    return [_case(rng, factors) for factors in FACTORS] + [_case(rng, (2, 3), one_pixel=True)]


def _case(rng: np.random.Generator, factors: tuple[int, int], one_pixel: bool = False) -> tuple[Layer, Folding]:
    height, width = (1, 1) if one_pixel else (int(rng.integers(1, 5)), int(rng.integers(1, 5)))
    pe, blocks, int_type = int(rng.integers(1, 5)), int(rng.integers(1, 4)), random_type(rng)
    source = Stream((height, width, pe * blocks), int_type)
    target = Stream((height * factors[0], width * factors[1], pe * blocks), int_type)
    return Layer("larger", "upsample", (source,), (target,), {"factors": factors}), Folding(pe)
