"""Cases of the concat: two to four inputs, equal and unequal channels."""

import numpy as np

from hwcodesign.dataflow import Layer, Stream
from hwcodesign.kinds import Folding
from sim.bench import random_type


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """Random legal layers; see sim/bench.py."""
    return [_case(rng, inputs) for inputs in (2, 2, 2, 2, 3, 3, 4, 5)]


def _case(rng: np.random.Generator, inputs: int) -> tuple[Layer, Folding]:
    pe, kind = int(rng.integers(1, 6)), random_type(rng)
    height, width = int(rng.integers(1, 5)), int(rng.integers(1, 5))
    channels = [pe * int(rng.integers(1, 5)) for _ in range(inputs)]
    streams = tuple(Stream((height, width, count), kind) for count in channels)
    output = Stream((height, width, sum(channels)), kind)
    return Layer("concat", "concat", streams, (output,)), Folding(pe)
