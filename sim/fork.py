"""Cases of the fork: two to four consumers."""

import numpy as np

from hwcodesign.dataflow import Layer, Stream
from hwcodesign.kinds import Folding
from sim.bench import random_type

# For each rule of the kernel, parameters that break it.
BROKEN = {"width_is_positive": {"WIDTH": 0}, "outputs_are_positive": {"OUTPUTS": 0}}


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """Random legal layers; see sim/bench.py."""
    return [_case(rng, outputs) for outputs in (2, 2, 2, 3, 3, 4)]


def _case(rng: np.random.Generator, outputs: int) -> tuple[Layer, Folding]:
    pe, folds = int(rng.integers(1, 9)), int(rng.integers(1, 4))
    stream = Stream((int(rng.integers(1, 6)), int(rng.integers(1, 6)), pe * folds), random_type(rng))
    return Layer("fork", "fork", (stream,), (stream,) * outputs, {"outputs": outputs}), Folding(pe)
