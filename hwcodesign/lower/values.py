"""What a tensor of the network is in hardware: integers of some layer, and the exact way from them to real numbers."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from hwcodesign.dataflow import IntType

Map = tuple[int, int, int]  # channels, height, width
_FEW = 1024  # integers that are all tried


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
class Function:
    """A function (C, n) -> (C, n) that never falls, by the name of its operator."""

    name: str
    function: Callable[[np.ndarray], np.ndarray]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self.function(x)


_SURE = 2.0**-44  # relative: float64's last digits, after some products and sums


def snapped(x: np.ndarray) -> np.ndarray:
    """Multiples of 1/2 for numbers that are some but for float64's last digits: 49 * (1 / 49) is 0.9999999999999999.

    So what rounds afterwards rounds as it would without these digits.
    """
    halves = np.rint(2 * x) / 2
    with np.errstate(invalid="ignore"):
        near: np.ndarray = np.abs(x - halves) <= _SURE * np.maximum(1.0, np.abs(x))
    return np.where(near, halves, x)


RELU = Function("Relu", lambda x: np.maximum(x, 0.0))
Step = Affine | Function


@dataclass(frozen=True)
class Value:
    """A tensor: the integers that `operation` puts out as a feature map of `shape`, taken through `steps` to real
    numbers.

    `place`, of the tensor's own shape, says for each of its elements which element of the feature map (C, H, W) it is,
    -1 for one that was padded. `low` and `high` bound the integers, per channel (C,). `open` says that they are
    accumulators which no quantizer has closed yet; `alone`, that nothing else reads them, nor anything on the way from
    them to this tensor. `steps` starts with an Affine and never has two Affine in a row. `terms`, if there are any, are
    feature maps whose real numbers are added first: which integers that takes is open until a quantizer comes. What is
    not `known` stands in for something that cannot become hardware, so that the layers behind it are looked at, too.
    What was padded stands for the real number `fill`.
    """

    operation: str
    shape: Map
    type: IntType
    low: np.ndarray
    high: np.ndarray
    steps: tuple[Step, ...]
    place: np.ndarray
    open: bool = False
    alone: bool = True
    terms: "tuple[Value, ...]" = ()
    known: bool = True
    fill: float = 0.0

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

    @property
    def is_map(self) -> bool:
        """Whether the tensor's axes are (1, channels, height, width), or (1, channels, width), one row high."""
        pixels = (self.shape[1], self.shape[2]) if self.place.ndim == 4 else (self.shape[2],)
        wanted = (1, self.shape[0], *pixels)
        return self.place.shape == wanted and bool(np.all(self.place.ravel() == np.arange(self.place.size)))

    @property
    def padded(self) -> bool:
        """Whether a Pad put some elements of the tensor around the feature map."""
        return bool(self.place.min() < 0)

    def real(self, integers: np.ndarray) -> np.ndarray:
        """The real numbers (C, n), float64, that `integers` (C, n) stand for."""
        result = np.asarray(integers, dtype=np.float64)
        for step in self.steps:
            result = step(result)
        return result

    def followed_by(self, step: Step) -> "Value":
        """The same integers with one more step on the way to real numbers; this value itself if it changes nothing."""
        *before, last = self.steps
        if isinstance(step, Affine) and isinstance(last, Affine):
            return replace(self, steps=(*before, last.then(step)))
        more = replace(self, steps=(*self.steps, step))
        if step is last or (
            isinstance(step, Function) and not self.open and not self.terms and _changes_none(self, more)
        ):
            return self
        return more

    def integers(self) -> np.ndarray | None:
        """All integers that can occur, (C, n), repeating the last where a channel has fewer; None if they are many."""
        count = int((self.high - self.low).max()) + 1
        if count > _FEW:
            return None
        found: np.ndarray = np.minimum(self.low[:, None] + np.arange(count), self.high[:, None])
        return found


def _changes_none(value: Value, more: Value) -> bool:
    integers = value.integers()
    return integers is not None and bool(np.array_equal(value.real(integers), more.real(integers)))


def uniform(scale: float, channels: int) -> Affine:
    """One scale for all channels and no bias."""
    return Affine(np.full(channels, scale), np.zeros(channels))


def places(shape: Map, *tensor: int) -> np.ndarray:
    """The `place` of a tensor that is the feature map itself: of the shape `tensor`, or (1, C, H, W)."""
    return np.arange(int(np.prod(shape))).reshape(tensor or (1, *shape))


def whole_range(int_type: IntType, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """The least and the largest integer of `int_type`, for each channel."""
    least = -1 if int_type.bipolar else int_type.min
    return np.full(channels, least, dtype=np.int64), np.full(channels, int_type.max, dtype=np.int64)


@dataclass(frozen=True)
class Constant:
    """A tensor that does not depend on the input: `real` numbers, or anything else that a graph computes with.

    Where a quantizer made it, real = `integers` * `scale`, all of one shape (float64); `bipolar` if those are -1, +1.
    """

    real: np.ndarray
    integers: np.ndarray | None = None
    scale: np.ndarray | None = None
    bipolar: bool = False

    @property
    def exact(self) -> np.ndarray:
        """The real numbers in float64; of quantized ones not rounded to float32."""
        if self.integers is None or self.scale is None:
            return self.real.astype(np.float64)
        product: np.ndarray = self.integers * self.scale
        return product


@dataclass(frozen=True)
class Unknown:
    """A tensor that is lost behind a problem; its shape as far as that is known."""

    shape: tuple[int, ...] | None
