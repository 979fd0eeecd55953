"""Thresholds over whole test sets: a straight line guesses how many are reached, and one comparison makes it exact.

Most quantizers are uniform, so their thresholds lie near a line. Rounded arithmetic keeps order: the guess never falls
while the value rises, so whether it is right, or one too low, for every value is decided at the thresholds alone, when
the object is made. Channels where it is not (thresholds far from a line) are searched one by one.
"""

import numpy as np

from hwcodesign.dataflow import IntType
from hwcodesign.kinds.shared.threshold_unit import quantize

NUMBERS_AT_ONCE = 1 << 19  # they stay in the cache


def exact_type(largest: int) -> type[np.generic]:
    """The fastest type that represents every integer up to a magnitude of `largest`, so that no sum of them rounds."""
    return np.float32 if largest < 1 << 24 else np.float64 if largest < 1 << 53 else np.int64


class Steps:
    """The quantizer of rising `thresholds` (channels, N), for values of each channel from `low` to `high` (channels,).

    It works in `exact`, the `exact_type` of the bounds.
    """

    def __init__(
        self, thresholds: np.ndarray, low: np.ndarray, high: np.ndarray, exact: type[np.generic], out_type: IntType
    ) -> None:
        self._thresholds, self._out_type, self._exact = thresholds, out_type, exact
        self._channels = np.arange(len(thresholds))
        first, last = ((thresholds <= bound[:, None]).sum(axis=1) for bound in (low, high))
        # What lies below the lowest value or above the highest is as good just outside; behind the last, never.
        near = np.clip(thresholds, low[:, None], high[:, None] + 1)
        self._table = np.concatenate([near, high[:, None] + 1], axis=1).astype(exact)
        self._first, self._last = first.astype(exact), last.astype(exact)
        reached = last - first  # of these thresholds the line is to lie near
        starts, ends = near[self._channels, np.minimum(first, near.shape[1] - 1)], near[self._channels, last - 1]
        slopes = np.divide(reached - 1, ends - starts, out=np.zeros(len(near)), where=(reached > 1) & (ends > starts))
        self._slopes, self._offsets = slopes.astype(exact), (first + 0.5 - starts * slopes).astype(exact)
        self._searched = np.flatnonzero(~self._is_right(near, first, last) | (exact is np.int64))

    def _is_right(self, near: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Of each channel: at each threshold at most one too low, and not too high just below it."""
        place = np.arange(near.shape[1])
        values = near.T.astype(self._table.dtype)  # (N, channels)
        right = (self._guess(values) >= place[:, None]) & (self._guess(values - 1) <= place[:, None])
        never_or_always = (place[:, None] < first) | (place[:, None] >= last)
        return np.asarray((right | never_or_always).all(axis=0))

    def _guess(self, values: np.ndarray) -> np.ndarray:
        guess: np.ndarray = values * self._slopes
        guess += self._offsets
        np.floor(guess, out=guess)
        np.maximum(guess, self._first, out=guess)
        np.minimum(guess, self._last, out=guess)
        return guess

    def quantized(self, values: np.ndarray) -> np.ndarray:
        """The outputs for whole `values` (n, channels) within the bounds, in the narrowest type that numpy has."""
        outputs = np.empty(values.shape, self._out_type.dtype)
        at_once = max(1, NUMBERS_AT_ONCE // len(self._channels))
        for start in range(0, len(values), at_once):
            some = values[start : start + at_once].astype(self._exact, copy=False)
            outputs[start : start + at_once] = self._quantized(some)
        return outputs

    def _quantized(self, values: np.ndarray) -> np.ndarray:
        guess = self._guess(values) if len(self._searched) < len(self._channels) else np.zeros_like(values)
        index = guess.astype(np.intp)
        index += self._channels * self._table.shape[1]
        guess += values >= self._table.take(index)
        if self._out_type.bipolar:
            guess *= 2
        guess += -1 if self._out_type.bipolar else self._out_type.min
        outputs = guess.astype(self._out_type.dtype)
        for channel in self._searched:
            column = np.ascontiguousarray(values[:, channel])[None].astype(np.int64)
            outputs[:, channel] = quantize(column, self._thresholds[channel : channel + 1], self._out_type)[0]
        return outputs
