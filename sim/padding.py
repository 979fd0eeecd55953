"""Cases of the padding: even and uneven borders, none on some sides, a picture of one pixel."""

import numpy as np

from hwcodesign.dataflow import Layer, Stream
from hwcodesign.kinds import Folding
from sim.bench import random_type

PADS = ((1, 1, 1, 1), (2, 2, 2, 2), (0, 1, 0, 1), (1, 0, 0, 0), (0, 0, 0, 3), (0, 2, 3, 0), (3, 1, 2, 0), (0, 0, 0, 0))


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """Random legal layers; see sim/bench.py."""
    return [_case(rng, pad) for pad in PADS] + [_case(rng, (1, 1, 1, 1), one_pixel=True)]


def _case(rng: np.random.Generator, pad: tuple[int, int, int, int], one_pixel: bool = False) -> tuple[Layer, Folding]:
    top, left, bottom, right = pad
    height, width = (1, 1) if one_pixel else (int(rng.integers(1, 6)), int(rng.integers(1, 6)))
    pe, folds = int(rng.integers(1, 6)), int(rng.integers(1, 4))
    kind = random_type(rng, bipolar=False)
    source = Stream((height, width, pe * folds), kind)
    padded = Stream((top + height + bottom, left + width + right, pe * folds), kind)
    return Layer("pad", "padding", (source,), (padded,), {"pad": pad}), Folding(pe)
