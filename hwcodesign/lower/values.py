"""What a tensor of the network is in hardware: integers of some layer, and the exact way from them to real numbers."""

from dataclasses import dataclass, replace

import numpy as np

from hwcodesign.dataflow import IntType


@dataclass(frozen=True)
class Affine:
    """real = scale * x + bias, float64 per channel, shape (C,)."""

    scale: np.ndarray
    bias: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        real: np.ndarray = x * self.scale[:, None] + self.bias[:, None]
        return real

    def then(self, after: "Affine") -> "Affine":
        """First this, then `after`."""
        return Affine(self.scale * after.scale, self.bias * after.scale + after.bias)


@dataclass(frozen=True)
class Relu:
    """max(x, 0)."""

    def __call__(self, x: np.ndarray) -> np.ndarray:
        rectified: np.ndarray = np.maximum(x, 0.0)
        return rectified


@dataclass(frozen=True)
class Value:
    """A tensor of `shape` (C, H, W): the integers that `operation` puts out, taken through `steps` to real numbers.

    `low` and `high` bound the integers, per channel (C,). `open` says that they are accumulators which no quantizer
    has closed yet. `steps` starts with an Affine and never has two Affine in a row.
    """

    operation: str
    shape: tuple[int, int, int]
    type: IntType
    low: np.ndarray
    high: np.ndarray
    steps: tuple[Affine | Relu, ...]
    open: bool = False

    @property
    def affine(self) -> Affine | None:
        """The whole way to real numbers, if it is a straight line."""
        first = self.steps[0]
        return first if len(self.steps) == 1 and isinstance(first, Affine) else None

    @property
    def scale(self) -> float | None:
        """The one positive scale of all channels, if real = scale * integer exactly."""
        line = self.affine
        if line is None or np.any(line.bias) or np.any(line.scale != line.scale[0]) or line.scale[0] <= 0:
            return None
        return float(line.scale[0])

    @property
    def signs(self) -> np.ndarray:
        """Per channel: 1 where the real number rises with the integer, -1 where it falls, 0 where it is constant."""
        product = np.ones(self.shape[0])
        for step in self.steps:
            if isinstance(step, Affine):
                product = product * np.sign(step.scale)
        return product.astype(np.int64)

    def real(self, integers: np.ndarray) -> np.ndarray:
        """The real numbers (C, n), float64, that `integers` (C, n) stand for."""
        result = np.asarray(integers, dtype=np.float64)
        for step in self.steps:
            result = step(result)
        return result

    def followed_by(self, step: Affine | Relu) -> "Value":
        """The same integers with one more step on the way to real numbers; this value itself if it changes nothing."""
        *before, last = self.steps
        if isinstance(step, Affine) and isinstance(last, Affine):
            return replace(self, steps=(*before, last.then(step)))
        if isinstance(step, Relu) and (isinstance(last, Relu) or (self.scale is not None and self.low.min() >= 0)):
            return self
        return replace(self, steps=(*self.steps, step))


def uniform(scale: float, channels: int) -> Affine:
    """One scale for all channels and no bias."""
    return Affine(np.full(channels, scale), np.zeros(channels))


def quantized(operation: str, shape: tuple[int, int, int], kind: IntType, scale: float) -> Value:
    """Integers of `kind` times one scale."""
    low, high = (np.full(shape[0], bound, dtype=np.int64) for bound in (-1 if kind.bipolar else kind.min, kind.max))
    return Value(operation, shape, kind, low, high, (uniform(scale, shape[0]),))
