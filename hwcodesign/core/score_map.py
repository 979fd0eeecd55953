"""What the integer scores of a network mean: an affine map for each class, and a function of all of them at the end."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, get_args

import numpy as np

Function = Literal["", "softmax", "sigmoid"]
_UNSURE = 1e-12  # of the largest product or bias: float64 rounds to 2**-53 of them
FUNCTIONS: tuple[str, ...] = get_args(Function)


@dataclass(frozen=True)
class ScoreMap:
    """real score = `scale` * integer + `bias`, one number for each class, or a single one that all classes share.

    `function` is what the network applies to the real scores last, and the host in its place: it keeps their order.
    `shape` (height, width, channels) where the scores are a feature map: they leave the hardware row by row, pixel by
    pixel, channels innermost, and no class is named. A file has them in that order, too, if its output has one axis
    besides the batch; else its channels come first.
    """

    scale: tuple[float, ...] = (1.0,)
    bias: tuple[float, ...] = (0.0,)
    function: Function = ""
    shape: tuple[int, int, int] | None = None

    @classmethod
    def of(cls, scale: np.ndarray | float, bias: np.ndarray | float = 0.0, function: Function = "") -> "ScoreMap":
        """From numbers or float64 arrays (classes,); what all classes share is kept once."""
        return cls(_shared(scale), _shared(bias), function)

    @classmethod
    def of_map(cls, shape: tuple[int, int, int], scale: np.ndarray, bias: np.ndarray) -> "ScoreMap":
        """Of a feature map of scores: one number for each channel (channels,)."""
        pixels = shape[0] * shape[1]
        return cls(_shared(np.tile(scale, pixels)), _shared(np.tile(bias, pixels)), shape=shape)

    @classmethod
    def parse(cls, document: dict[str, Any]) -> "ScoreMap":
        """From its fields, as JSON has them. Raises ValueError or KeyError for anything else."""
        function, shape = document["function"], document.get("shape")
        if function not in FUNCTIONS or document.keys() - {"shape"} != {"scale", "bias", "function"}:
            raise ValueError(f"{document} is no map of scores")
        scale, bias = (tuple(float(number) for number in document[key]) for key in ("scale", "bias"))
        sides = None if shape is None else tuple(int(side) for side in shape)
        return cls(scale, bias, function, sides)  # type: ignore[arg-type]

    @classmethod
    def of_reference(cls, contract: Mapping[str, Any]) -> "ScoreMap":
        """From what reference.json says of a trained network's scores: their step, and a bias where they have one."""
        return cls.of(contract["score_step"], np.array(contract.get("score_bias", 0.0)))

    @property
    def keeps_order(self) -> bool:
        """Whether a higher integer is a higher score, whatever the two classes."""
        return len(set(self.scale)) == len(set(self.bias)) == 1 and self.scale[0] > 0

    def in_order(self, tensor: np.ndarray) -> np.ndarray:
        """The scores of one frame (scores,) in the order in which hardware gives them, of a file's output `tensor`."""
        first = self.shape is not None and tensor.ndim > 2
        return (np.moveaxis(tensor[0], 0, -1) if first else tensor).ravel()

    def affine(self, scores: np.ndarray) -> np.ndarray:
        """The real scores before the function, float64, of integers (..., classes)."""
        real: np.ndarray = scores * np.array(self.scale) + np.array(self.bias)
        return real

    def steps(self, real: np.ndarray) -> np.ndarray:
        """The inverse of `affine`, float64 and not rounded; 0 for a class whose score is always its bias."""
        scale, apart = np.array(self.scale), real - np.array(self.bias)
        steps: np.ndarray = np.divide(apart, scale, out=np.where(apart == 0, 0.0, np.nan), where=scale != 0)
        return steps

    def real(self, scores: np.ndarray) -> np.ndarray:
        """The real scores that the network gives, float64, of integers (..., classes)."""
        real = self.affine(scores)
        if self.function == "softmax":
            powers = np.exp(real - real.max(axis=-1, keepdims=True))
            real = powers / powers.sum(axis=-1, keepdims=True)
        elif self.function == "sigmoid":
            half = np.tanh(real / 2) / 2  # without the overflow of exp(-real)
            real = half + 0.5
        return real

    def classes(self, scores: np.ndarray) -> np.ndarray:
        """The predicted class of integers (N, classes): the highest score's, of equal ones the lowest; int64 (N,).

        Of one score alone: 1 where it is above 0 (its sigmoid above 0.5), else 0.
        """
        if scores.shape[1] == 1:
            positive: np.ndarray = (self.affine(scores)[:, 0] > 0).astype(np.int64)
            return positive
        return self.ranked(scores)[:, 0]

    def ranked(self, scores: np.ndarray) -> np.ndarray:
        """All classes of integers (N, classes), the highest real score first, of equal ones the lowest; int64.

        By the exact real values: where float64 cannot tell two of them apart, fractions do.
        """
        real = self.affine(scores)
        order: np.ndarray = np.argsort(-real, axis=1, kind="stable")
        if not self.keeps_order:
            there = np.take_along_axis(real, order, axis=1)
            products = np.abs(scores * np.array(self.scale)).max(axis=1, keepdims=True)
            near = -np.diff(there, axis=1) <= _UNSURE * np.maximum(products, np.abs(self.bias).max())
            for row in np.flatnonzero(near.any(axis=1)):
                exact = self._exact(scores[row])
                order[row] = sorted(range(len(exact)), key=lambda klass: (-exact[klass], klass))
        return order

    def _exact(self, scores: np.ndarray) -> list[Fraction]:
        classes = range(len(scores))
        scale, bias = ([Fraction(n[0 if len(n) == 1 else c]) for c in classes] for n in (self.scale, self.bias))
        return [s * int(x) + b for s, x, b in zip(scale, scores, bias, strict=True)]


INTEGERS = ScoreMap()  # the real scores are the integers themselves


def _shared(numbers: np.ndarray | float) -> tuple[float, ...]:
    found = tuple(float(number) for number in np.atleast_1d(np.asarray(numbers, dtype=np.float64)))
    return found[:1] if len(set(found)) == 1 else found
