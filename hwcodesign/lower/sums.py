"""A sum of separately quantized feature maps, and the quantizer behind it: the smallest integer factors that are exact.

Two integers and their scales have finitely many combinations. The quantizer's level of each is known, so whether the
hardware's integer sum, factor times integer and factor times integer, can be cut into the same levels by thresholds is
a question that trying them all answers.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, product

import numpy as np

from hwcodesign.lower.activations import quantize as quantize_map
from hwcodesign.lower.activations import result
from hwcodesign.lower.file_network import Node
from hwcodesign.lower.joins import summed
from hwcodesign.lower.quantizers import Quantizer
from hwcodesign.lower.ratios import MOST_FACTOR
from hwcodesign.lower.values import Value
from hwcodesign.lower.walk import Walk

MOST_COMBINATIONS = 1 << 17
_SHARE = (
    "let one shared QuantReLU (or QuantIdentity) instance quantize all inputs of the sum, or use fewer bits before it"
)
_COUNTED = 16  # of the most precise factors, to tell how many combinations differ


@dataclass(frozen=True)
class _Combinations:
    """`axes`: each term's integers in the order in which its real numbers rise. `levels` of every combination.

    `levels` is (distinct channels, combinations of all terms but the last, integers of the last), rising along the
    last axis; `channel` (C,) says which of the distinct ones a channel is.
    """

    axes: tuple[np.ndarray, ...]
    levels: np.ndarray
    channel: np.ndarray

    def sums(self, factors: Sequence[int], axes: Sequence[np.ndarray]) -> np.ndarray:
        """Factor times integer, added up over all combinations of `axes`, flat."""
        total = np.zeros(1, dtype=np.int64)
        for factor, axis in zip(factors, axes, strict=True):
            total = np.add.outer(total, factor * axis)
        return total.ravel()


def quantize(walk: Walk, node: Node, value: Value, quantizer: Quantizer) -> Value | None:
    """The quantized tensor, sum or not; None after noting why it cannot be."""
    make = _quantize_sum if value.terms else quantize_map
    return make(walk, node, value, quantizer)


def _quantize_sum(walk: Walk, node: Node, value: Value, quantizer: Quantizer) -> Value | None:
    """The quantized sum of `value.terms`; None after noting that no small factors are exact, and how many differ."""
    terms = value.terms
    names = " and ".join(term.operation for term in terms)
    at = replace(node, layer=value.operation)
    falls = np.unique(value.signs * quantizer.signs < 0)
    scales = [np.unique(np.sign(term.affine.scale)) for term in terms if term.affine is not None]
    count = float(np.prod([float(int(term.high.max()) - int(term.low.min()) + 1) for term in terms]))
    if count > MOST_COMBINATIONS or len(falls) > 1 or any(len(signs) > 1 or signs[0] == 0 for signs in scales):
        cause = f"its inputs ({names}) come from separate quantizers, with {count:,.0f} combinations of their integers"
        walk.note(at, cause, _SHARE, *terms)
        return None
    tried = _combinations(value, quantizer, falls=bool(falls[0]))
    factors = next((found for found in _candidates(terms, bool(falls[0])) if _exact(found, tried)), None)
    if factors is None:
        most_precise = islice(_candidates(terms, bool(falls[0]), MOST_FACTOR - _COUNTED), _COUNTED)
        least = min(_differing(found, tried) for found in most_precise)
        cause = (
            f"its inputs ({names}) come from separate quantizers: with whole factors up to {MOST_FACTOR}, {least:,} of "
            f"the {count:,.0f} combinations of their integers are quantized differently"
        )
        walk.note(at, cause, _SHARE, *terms)
        return None
    made = summed(walk, value.operation, terms, factors, 1.0)
    levels = _thresholds(factors, tried, made, quantizer)
    name = f"{made.operation}.quantizer"
    name = walk.operation(name, "thresholding", made, thresholds=levels, out_type=quantizer.type)
    return result(name, replace(made, place=value.place), quantizer, np.zeros(made.shape[0], dtype=bool))


def _combinations(value: Value, quantizer: Quantizer, falls: bool) -> _Combinations:
    axes = []
    for term in value.terms:
        axis = np.arange(int(term.low.min()), int(term.high.max()) + 1)
        assert term.affine is not None
        axes.append(axis[::-1] if (term.affine.scale[0] < 0) != falls else axis)
    total = np.zeros((value.shape[0], 1))
    for term, axis in zip(value.terms, axes, strict=True):
        real = term.real(np.broadcast_to(axis, (value.shape[0], len(axis))))
        total = (total[:, :, None] + real[:, None, :]).reshape(value.shape[0], -1)
    for step in value.steps:
        total = step(total)
    levels, channel = np.unique(quantizer.codes(total), axis=0, return_inverse=True)
    return _Combinations(tuple(axes), levels.reshape(len(levels), -1, len(axes[-1])), channel.ravel())


def _candidates(terms: Sequence[Value], falls: bool, start: int = 0) -> Iterator[tuple[int, ...]]:
    """Whole factors, about in the ratio of the scales, the smallest first; from the largest factor `start` + 1 on."""
    scales = np.array([float(term.affine.scale.mean()) for term in terms if term.affine]) * (-1 if falls else 1)
    unit = np.abs(scales).max()
    for most in range(start + 1, MOST_FACTOR + 1):
        exact = (scales / unit * most).tolist()
        near = [sorted({math.floor(x), math.ceil(x)} - {0}, key=partial(_distance, x)) for x in exact]
        for factors in product(*near):
            if np.gcd.reduce(factors) == 1:
                yield factors


def _distance(number: float, integer: int) -> float:
    return abs(integer - number)


def _exact(factors: tuple[int, ...], tried: _Combinations) -> bool:
    """Whether one threshold for each level parts the sums of the combinations above it from those below it."""
    last = tried.axes[-1]
    others = tried.sums(factors[:-1], tried.axes[:-1])
    for channel in tried.levels:
        for level in range(int(channel.min()) + 1, int(channel.max()) + 1):
            first = (channel < level).sum(axis=1)  # the first integer of the last term that reaches the level
            reached, below = first < len(last), first > 0
            least = others[reached] + factors[-1] * last[first[reached]]
            most = others[below] + factors[-1] * last[first[below] - 1]
            if len(least) and len(most) and least.min() <= most.max():
                return False
    return True


def _differing(factors: tuple[int, ...], tried: _Combinations) -> int:
    """How many combinations the best thresholds put on the wrong side, in the channel where those are the most."""
    sums = tried.sums(factors, tried.axes)
    order = np.argsort(sums, kind="stable")
    starts = np.flatnonzero(np.diff(sums[order], prepend=sums[order][0] - 1))
    worst = 0
    for channel in tried.levels:
        sorted_levels = channel.ravel()[order]
        least = np.minimum.reduceat(sorted_levels, starts)
        given = np.maximum.accumulate(least)  # one level for each sum, rising
        worst = max(worst, int((np.repeat(given, np.diff(np.append(starts, len(order)))) != sorted_levels).sum()))
    return worst


def _thresholds(factors: tuple[int, ...], tried: _Combinations, made: Value, quantizer: Quantizer) -> np.ndarray:
    """The least sum of a combination that reaches each level, (C, levels - 1); just out of reach if there is none."""
    sums, int_type = tried.sums(factors, tried.axes), quantizer.type
    steps = [1] if int_type.bipolar else range(int_type.min + 1, int_type.max + 1)
    never = int(made.high.max()) + 1
    rows = [
        [int(sums[flat >= step].min(initial=never)) for step in steps]
        for flat in tried.levels.reshape(len(tried.levels), -1)
    ]
    found: np.ndarray = np.array(rows, dtype=np.int64)[tried.channel]
    return found
