"""Quantizers of every dialect, as QONNX, ONNX and FINN define them: which integer a real number becomes, and back.

QONNX: q = round(clip(x / scale + zero_point, min, max)), real = (q - zero_point) * scale
(github.com/fastmachinelearning/qonnx, docs/qonnx-custom-ops). ONNX: QuantizeLinear is clip(round(x / scale) +
zero_point, min, max), which differs where a half is rounded to even and the zero point is odd, DequantizeLinear the way
back. Activations are evaluated in float64 from the scales in the file; weights in float32, as
training saw them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hwcodesign.dataflow import IntType
from hwcodesign.lower.values import Affine, Value, snapped

Numbers = np.ndarray


def _away(round_size: Callable[[Numbers], Numbers]) -> Callable[[Numbers], Numbers]:
    def rounded(x: Numbers) -> Numbers:
        result: Numbers = np.sign(x) * round_size(np.abs(x))
        return result

    return rounded


# By the names of QONNX's versions 1 and 2. "ROUND" is half to even.
ROUNDINGS: dict[str, Callable[[Numbers], Numbers]] = {
    "ROUND": np.round,
    "HALF_EVEN": np.round,
    "FLOOR": np.floor,
    "CEIL": np.ceil,
    "ROUND_TO_ZERO": np.trunc,
    "DOWN": np.trunc,
    "UP": _away(np.ceil),
    "HALF_UP": _away(lambda x: np.floor(x + 0.5)),
    "HALF_DOWN": _away(lambda x: np.ceil(x - 0.5)),
}
MOST_ACTIVATION_BITS = 8


@dataclass(frozen=True)
class Quantizer:
    """`codes` turns real numbers (C, n) into integers from `low` to `high`, held by `type`; `line` turns them back.

    `signs` (C,) says whether the integer rises (1) or falls (-1) with the real number.
    """

    type: IntType
    low: int
    high: int
    codes: Callable[[Numbers], Numbers]
    signs: Numbers
    line: Affine


@dataclass(frozen=True)
class Grid:
    """The numbers of a uniform quantizer as the file has them; `scale` and `zero` broadcast to the tensor's shape.

    `rounds_first`: the zero point is added to what is rounded.
    """

    type: IntType
    low: int
    high: int
    scale: Numbers
    zero: Numbers
    rounding: Callable[[Numbers], Numbers]
    rounds_first: bool = False

    def integers(self, real: Numbers, scale: Numbers, zero: Numbers) -> Numbers:
        """The integers nearest to `real`, in the precision of the arguments, which have or broadcast to one shape."""
        with np.errstate(divide="ignore", invalid="ignore"):
            scaled = np.where(scale == 0, real.dtype.type(0), real / scale)
        if real.dtype == np.float64:  # exact but for the last digits; float32 is as training had it
            scaled = snapped(scaled)
        scaled = (self.rounding(scaled) if self.rounds_first else scaled) + zero
        if self.type.bipolar:
            return np.where(scaled >= 0, 1, -1).astype(np.int64)
        clipped = np.clip(scaled, real.dtype.type(self.low), real.dtype.type(self.high))
        return self.rounding(clipped).astype(np.int64)

    def quantizer(self, scale: Numbers, zero: Numbers) -> Quantizer:
        """With `scale` and `zero` per channel, (C,) float64."""
        return Quantizer(
            self.type,
            self.low,
            self.high,
            lambda real: self.integers(real, scale[:, None], zero[:, None]),
            np.sign(scale).astype(np.int64),
            Affine(scale, -zero * scale),
        )


def grid_of(bits: int, signed: bool, narrow: bool, scale: Numbers, zero: Numbers, rounding: str) -> Grid:
    """QONNX's Quant. One signed bit is bipolar."""
    int_type = IntType(bits, signed)
    if int_type.bipolar:
        return Grid(int_type, -1, 1, scale, zero, np.round)
    low, high = (int_type.min + narrow, int_type.max) if signed else (0, int_type.max - narrow)
    return Grid(int_type, low, high, scale, zero, ROUNDINGS[rounding])


def thresholds(value: Value, quantizer: Quantizer) -> np.ndarray:
    """The smallest integer of `value` at which the quantizer reaches each of its levels: (C, levels - 1), int64.

    Found by bisection on the quantizer itself, so rounding of halves and clipping are what they are. A level that is
    never reached has the threshold high + 1. In a channel where the levels fall as the integers rise, they are counted
    from the top: level k stands for type.min + type.max - k, of a bipolar quantizer for the other sign.
    """
    int_type = quantizer.type
    falls = (value.signs * quantizer.signs < 0)[:, None]
    levels = np.array([1]) if int_type.bipolar else np.arange(int_type.min + 1, int_type.max + 1)
    total = 0 if int_type.bipolar else int_type.min + int_type.max
    shape = (value.shape[0], len(levels))
    low = np.broadcast_to(value.low[:, None], shape).copy()
    high = np.broadcast_to(value.high[:, None] + 1, shape).copy()
    while np.any(low < high):
        middle = (low + high) // 2
        codes = quantizer.codes(value.real(middle))
        reached = np.where(falls, total - codes, codes) >= levels
        high = np.where(reached, middle, high)
        low = np.where(reached, low, np.minimum(middle + 1, high))
    return low
