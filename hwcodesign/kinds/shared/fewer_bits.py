"""A trained matrix with fewer bits: integers times one scale a row, and thresholds moved to what its sums are then.

A threshold t on sums W x becomes ceil((t - d) / s) on sums Q x, where W is nearly s Q and d what the means of both
differ by: the layer is one of integers again, with the arithmetic of its hardware.
"""

import math
from dataclasses import dataclass

import numpy as np

SHRINKS = np.linspace(0.3, 1.0, 57)  # of the scale at which a row's largest weight is the last level


@dataclass(frozen=True)
class Inputs:
    """What a layer reads on calibration images: of each column (MW,) float64, the mean, and the mean of the squares."""

    mean: np.ndarray
    energy: np.ndarray


@dataclass(frozen=True)
class Rounded:
    """`integers` (MW, MH) int64 times `scales` (MH,) are nearly the weights; sums are `offsets` (MH,) higher with them.

    The offsets are means over the calibration images, to be added back.
    """

    integers: np.ndarray
    scales: np.ndarray
    offsets: np.ndarray

    def thresholds(self, thresholds: np.ndarray) -> np.ndarray:
        """int64 (MH, N) on the sums of the integers, in place of `thresholds` (MH, N) on those of the weights."""
        moved: np.ndarray = np.ceil((thresholds - self.offsets[:, None]) / self.scales[:, None]).astype(np.int64)
        return moved


def rounded(weights: np.ndarray, inputs: Inputs, bits: int) -> Rounded:
    """`weights` (MW, MH) int64 in narrow range of `bits` >= 2 bits.

    Of every row the scale is that, of SHRINKS, whose rounding errors have the least energy on the inputs.
    """
    most = (1 << (bits - 1)) - 1
    largest = np.maximum(np.abs(weights).max(axis=0), 1)
    weighed = inputs.energy[:, None] + inputs.energy.mean() * 0.1 + math.ulp(1.0)  # what is always 0 counts a little
    best, scales = np.full(weights.shape[1], np.inf), np.ones(weights.shape[1])
    for shrink in SHRINKS:
        scale = shrink * largest / most
        error = ((_levels(weights, scale, most) * scale - weights) ** 2 * weighed).sum(axis=0)
        scales, best = np.where(error < best, scale, scales), np.minimum(error, best)
    integers = _levels(weights, scales, most)
    offsets = inputs.mean @ (weights - integers * scales)
    return Rounded(integers.astype(np.int64), scales, offsets)


def _levels(weights: np.ndarray, scale: np.ndarray, most: int) -> np.ndarray:
    levels: np.ndarray = np.clip(np.rint(weights / scale), -most, most)
    return levels
