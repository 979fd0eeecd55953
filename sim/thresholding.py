"""Cases of the stand-alone quantizer: every kind of type in and out, thresholds that are always and never reached.

They lie anywhere, or evenly spaced, as those of a uniform quantizer do.
"""

import numpy as np

from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.kinds.shared.threshold_unit import step_count

TYPES = (
    ("uint8", "uint4"),
    ("uint8", "bipolar"),
    ("int9", "uint4"),
    ("uint5", "int3"),
    ("int6", "int2"),
    ("bipolar", "uint2"),
    ("bipolar", "bipolar"),
    ("uint8", "uint8"),
    ("uint8", "int8"),
    ("int4", "uint5"),
    ("uint1", "uint1"),
)


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """Two cases for each line above, uneven and even, their lanes and data random."""
    return [_case(rng, IntType.parse(a), IntType.parse(b), even) for a, b in TYPES for even in (False, True)]


def random_thresholds(
    rng: np.random.Generator, channels: int, count: int, low: int, high: int, even: bool = False
) -> np.ndarray:
    """Rising thresholds (channels, count) from `low` to `high`, int64, some of them equal.

    If `even`, each channel's lie on a straight line, rounded up, and some beyond those bounds.
    """
    if not even:
        return np.sort(rng.integers(low, high + 1, (channels, count)), axis=1)
    middle, step = rng.uniform(low, high, channels), rng.uniform(0, 2 * (high - low) / count, channels)
    lines = middle[:, None] + step[:, None] * (np.arange(count) - count // 2)
    thresholds: np.ndarray = np.ceil(lines).astype(np.int64)
    return thresholds


def _case(rng: np.random.Generator, source: IntType, target: IntType, even: bool) -> tuple[Layer, Folding]:
    pe, folds = int(rng.integers(1, 5)), int(rng.integers(1, 5))
    shape = (int(rng.integers(1, 5)), int(rng.integers(1, 5)), pe * folds)
    count = step_count(target)
    tensors = {"thresholds": random_thresholds(rng, pe * folds, count, source.min - 2, source.max + 3, even)}
    layer = Layer(
        "quantizer", "thresholding", (Stream(shape, source),), (Stream(shape, target),), {"thresholds": count}, tensors
    )
    return kind_of("thresholding").completed(layer), Folding(pe)
