"""Cases of the FIFO: the register pair, shallow and deep memories, depths that are no power of two."""

import numpy as np

from hwcodesign.dataflow import Layer, Stream
from hwcodesign.kinds import Folding
from sim.bench import random_type

# For each rule of the kernel, parameters that break it.
BROKEN = {"width_is_positive": {"WIDTH": 0}, "depth_is_two_or_more": {"DEPTH": 1}}


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """Random legal layers; see sim/bench.py."""
    return [_case(rng, depth) for depth in (2, 2, 3, 4, 5, 8, 9, 17, 33, 100)]


def _case(rng: np.random.Generator, depth: int) -> tuple[Layer, Folding]:
    pe, folds = int(rng.integers(1, 9)), int(rng.integers(1, 4))
    stream = Stream((int(rng.integers(1, 6)), int(rng.integers(1, 6)), pe * folds), random_type(rng))
    return Layer("fifo", "fifo", (stream,), (stream,), {"depth": depth}), Folding(pe)
