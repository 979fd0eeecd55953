"""Cases of the stand-alone quantizer: every kind of type in and out, thresholds that are always and never reached."""

import numpy as np

from hwcodesign.cells import step_count
from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import Folding

TYPES = (
    ("uint8", "uint4"),
    ("uint8", "bipolar"),
    ("int9", "uint4"),
    ("uint5", "int3"),
    ("int6", "int2"),
    ("bipolar", "uint2"),
    ("bipolar", "bipolar"),
    ("uint8", "uint8"),
    ("int4", "uint5"),
    ("uint1", "uint1"),
)


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """One case for each line above, its lanes and data random."""
    return [_case(rng, IntType.parse(source), IntType.parse(target)) for source, target in TYPES]


def random_thresholds(rng: np.random.Generator, channels: int, count: int, low: int, high: int) -> np.ndarray:
    """Rising thresholds (channels, count) from `low` to `high`, int64, some of them equal."""
    return np.sort(rng.integers(low, high + 1, (channels, count)), axis=1)


def _case(rng: np.random.Generator, source: IntType, target: IntType) -> tuple[Layer, Folding]:
    pe, folds = int(rng.integers(1, 5)), int(rng.integers(1, 5))
    shape = (int(rng.integers(1, 5)), int(rng.integers(1, 5)), pe * folds)
    count = step_count(target)
    tensors = {"thresholds": random_thresholds(rng, pe * folds, count, source.min - 2, source.max + 3)}
    layer = Layer(
        "quantizer", "thresholding", (Stream(shape, source),), (Stream(shape, target),), {"thresholds": count}, tensors
    )
    return layer, Folding(pe)
