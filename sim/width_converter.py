"""Cases of the width converter: wider and narrower, ratios that are no power of two, a frame of one wide beat."""

import numpy as np

from hwcodesign.dataflow import Layer, Stream
from hwcodesign.kinds import Folding
from sim.bench import random_type

# For each rule of the kernel, parameters that break it.
BROKEN = {
    "widths_are_positive": {"IN_WIDTH": 0},
    "widths_differ": {"OUT_WIDTH": 8},
    "one_width_divides_the_other": {"OUT_WIDTH": 12},
}


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """Random legal layers; see sim/bench.py."""
    lanes = [(1, 2), (1, 3), (2, 8), (3, 15), (1, 16), (2, 1), (3, 1), (8, 4), (15, 3), (12, 2)]
    return [_case(rng, few, many) for few, many in lanes] + [_case(rng, 1, 5, pixels=1), _case(rng, 6, 2, pixels=1)]


def _case(rng: np.random.Generator, in_lanes: int, out_lanes: int, pixels: int | None = None) -> tuple[Layer, Folding]:
    folds = int(rng.integers(1, 4)) if pixels is None else 1
    width = int(rng.integers(1, 9)) if pixels is None else pixels
    stream = Stream((1, width, max(in_lanes, out_lanes) * folds), random_type(rng))
    attributes = {"in_lanes": in_lanes, "out_lanes": out_lanes}
    return Layer("converter", "width_converter", (stream,), (stream,), attributes), Folding()
