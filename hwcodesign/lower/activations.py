"""Quantizers of activations: they end the layer before them with thresholds, or are a layer of their own."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from hwcodesign.dataflow import IntType
from hwcodesign.lower.file_network import Node
from hwcodesign.lower.operation import Operation
from hwcodesign.lower.quantizers import MOST_ACTIVATION_BITS, Quantizer, thresholds
from hwcodesign.lower.ratios import integer_ratios
from hwcodesign.lower.values import Affine, Function, Value, whole_range
from hwcodesign.lower.walk import Walk

_SAME_STEPS = 1e-9  # relative: of differences of float64 numbers


def quantize(walk: Walk, node: Node, value: Value, quantizer: Quantizer) -> Value | None:
    """The quantized tensor. A quantizer that changes no integer costs nothing."""
    integers = None if value.open else value.integers()
    if integers is not None and np.array_equal(quantizer.codes(value.real(integers)), integers):
        return replace(value, steps=(quantizer.line,))
    if not few_bits(walk, node, quantizer):
        return None
    if value.open and value.alone and can_turn(walk, value, value.signs * quantizer.signs):
        return _fused(walk, value, quantizer)
    return _stand_alone(walk, node, value, quantizer)


def few_bits(walk: Walk, node: Node, quantizer: Quantizer) -> bool:
    """Whether the quantizer has few enough bits for thresholds; if not, that is noted."""
    if quantizer.type.bits <= MOST_ACTIVATION_BITS:
        return True
    cause = f"its activation has {quantizer.type.bits} bits"
    walk.note(node, cause, f"use at most {MOST_ACTIVATION_BITS} bits")
    return False


def can_turn(walk: Walk, value: Value, signs: np.ndarray) -> bool:
    """Whether the matrix behind `value` may be turned by `signs`: a maximum taken since would become a minimum."""
    return bool(np.all(signs >= 0)) or not any(maker.operator == "max_pool" for maker in _makers(walk, value))


def turned(walk: Walk, value: Value, signs: np.ndarray) -> Value:
    """Turn rows of the matrix that `value` comes from, alone, by `signs` (-1, 0 or 1 for each).

    A row on whose sums nothing depends (0) gets weights 0, if it can. As it is where nothing can be turned.
    """
    if not can_turn(walk, value, signs):
        return value
    operation, first = root(walk, value), value.steps[0]
    assert operation is not None and operation.weights is not None and isinstance(first, Affine)
    if operation.bipolar:
        signs = np.where(signs == 0, 1, signs)
    low, high = np.sort([value.low * signs, value.high * signs], axis=0)
    weights = operation.weights * signs[:, None, None, None]
    walk.operations[operation.name] = replace(operation, weights=weights, low=low, high=high)
    steps = (Affine(first.scale * signs, first.bias), *value.steps[1:])
    return replace(value, low=low, high=high, steps=steps)


def root(walk: Walk, value: Value) -> Operation | None:
    """The operation whose integers `value` picks from, by max pools and upsampling: itself, if it is none of these."""
    *_, last = (None, *_makers(walk, value))
    return None if last is None or last.operator in _PICKS else last


_PICKS = ("max_pool", "upsample")


def _makers(walk: Walk, value: Value) -> Iterator[Operation]:
    """The operation that makes `value`; where that picks from another's integers, that one next, and so on."""
    operation = walk.maker(value.operation)
    while operation is not None:
        yield operation
        operation = walk.maker(operation.sources[0]) if operation.operator in _PICKS else None


def _fused(walk: Walk, value: Value, quantizer: Quantizer) -> Value:
    """Thresholds rise, so a maximum may be taken before or after them: they go where the sums are made."""
    value = turned(walk, value, value.signs * quantizer.signs)
    operation = root(walk, value)
    assert operation is not None
    walk.operations[operation.name] = replace(
        operation, thresholds=thresholds(value, quantizer), out_type=quantizer.type
    )
    return result(value.operation, value, quantizer, np.zeros(value.shape[0], dtype=bool))


def _stand_alone(walk: Walk, node: Node, value: Value, quantizer: Quantizer) -> Value:
    """A layer of its own; after an addition it carries that one's name."""
    maker = walk.maker(value.operation)
    name = f"{maker.name}.quantizer" if maker is not None and maker.operator in ("add", "weighted_sum") else node.layer
    levels = thresholds(value, quantizer)
    name = walk.operation(name, "thresholding", value, thresholds=levels, out_type=quantizer.type)
    return result(name, value, quantizer, value.signs * quantizer.signs < 0)


def result(operation: str, value: Value, quantizer: Quantizer, falls: np.ndarray) -> Value:
    """The quantizer's integers, which `operation` makes of `value`; in channels that fall, counted from the top."""
    int_type, line = quantizer.type, quantizer.line
    total = 0 if int_type.bipolar else int_type.min + int_type.max
    if falls.any():
        line = Affine(np.where(falls, -line.scale, line.scale), np.where(falls, line.scale * total, 0) + line.bias)
    low, high = (np.full(value.shape[0], bound, dtype=np.int64) for bound in (quantizer.low, quantizer.high))
    low, high = np.where(falls, total - high, low), np.where(falls, total - low, high)
    return Value(operation, value.shape, int_type, low, high, (line,), value.place, alone=True, known=value.known)


def settled(walk: Walk, node: Node, value: Value) -> Value:
    """The value with a straight way to its real numbers if a clip of its integers gives one; else as it is.

    A ReLU behind a signed quantizer is such a clip. It goes into the thresholds that make the integers, or becomes a
    layer of its own where somebody else reads those.
    """
    integers = None if value.open or value.terms else value.integers()
    if value.affine is not None or integers is None:
        return value
    real = value.real(integers)
    clip = _clip(real, integers, value)
    if clip is None:
        return value
    codes, line = clip
    int_type = IntType.holding(int(codes.min()), int(codes.max()))
    if int_type.bits > MOST_ACTIVATION_BITS:
        return value
    starts = _starts(codes, integers, np.arange(int_type.min + 1, int_type.max + 1), value.high + 1)
    found = replace(value, type=int_type, low=codes.min(axis=1), high=codes.max(axis=1), steps=(line,), open=False)
    return _recoded(walk, node.layer, value, starts, found)


def not_quantized(value: Value) -> tuple[str, str]:
    """Cause and fix where a layer takes nothing but integers of one step each channel, and `value` is still none."""
    last, fix = value.steps[-1], "put a QuantReLU or QuantIdentity directly after {}"
    if value.open or value.terms or not isinstance(last, Function):
        return f"its input, from {value.operation}, is not quantized", fix.format(value.operation)
    cause = f"its input, from {value.operation}, is no longer a whole number of steps behind a {last.name}"
    clips = ", or let it clip at a whole number of steps" if last.name in ("Clip", "Max", "Min") else ""
    return cause, fix.format(f"that {last.name}") + clips


def with_zero(walk: Walk, value: Value) -> Value:
    """A feature map of -1 and +1 as one of two bits, among whose integers is 0: so it can be padded."""
    int_type = IntType(2, signed=True)
    starts = np.tile(np.array([-1, 1, 1], dtype=np.int64), (value.shape[0], 1))
    return _recoded(walk, f"{value.operation}.two_bits", value, starts, replace(value, type=int_type))


def _recoded(walk: Walk, layer: str, value: Value, starts: np.ndarray, wanted: Value) -> Value:
    """`wanted`, whose integers reach the levels of their type where those of `value` reach `starts` (C, levels).

    This goes into the thresholds that make the integers, or becomes a `layer` of its own where somebody else reads
    those.
    """
    maker = root(walk, value)
    if value.alone and maker is not None and maker.thresholds is not None and maker.out_type is not None:
        made = _composed(maker, starts)
        walk.operations[maker.name] = replace(maker, thresholds=made, out_type=wanted.type)
        return wanted
    name = walk.operation(layer, "thresholding", value, thresholds=starts, out_type=wanted.type)
    return replace(wanted, operation=name)


def _starts(codes: np.ndarray, integers: np.ndarray, levels: np.ndarray, never: np.ndarray) -> np.ndarray:
    """The first of the integers (C, n) whose code reaches each level: (C, levels)."""
    first = np.stack([np.searchsorted(row, levels) for row in codes])
    last = codes.shape[1] - 1
    found = np.take_along_axis(integers, np.minimum(first, last), axis=1)
    starts: np.ndarray = np.where(first > last, never[:, None], found)
    return starts


def _clip(real: np.ndarray, integers: np.ndarray, value: Value) -> tuple[np.ndarray, Affine] | None:
    """Codes (C, n) that rise with the integers, and the line from them to `real`; None if there is none."""
    codes, scales, biases = np.empty_like(integers), [], []
    for channel, row in enumerate(real):
        distinct, index = np.unique(row, return_inverse=True)
        falls = row[0] > row[-1]
        multiples = _multiples(np.diff(distinct))
        if multiples is None:
            return None
        code, step = multiples
        codes[channel] = code[-1] - code[index] if falls else code[index]
        start, step = (distinct[-1], -step) if falls else (distinct[0], step)
        shift = round(start / step)
        if abs(start - shift * step) <= _SAME_STEPS * abs(step):  # so that code 0 stands for 0
            codes[channel] += shift
            start = 0.0
        scales.append(step)
        biases.append(start)
    return codes, _exact_line(value, np.array(scales), np.array(biases))


def _multiples(steps: np.ndarray) -> tuple[np.ndarray, float] | None:
    """Numbers that are so far apart (n - 1,), above 0, as whole numbers (n,) of one step, the first 0.

    None if that takes more of them than thresholds can tell apart, as where a clip ends between two steps.
    """
    if not len(steps) or np.ptp(steps) <= _SAME_STEPS * steps.mean():
        return np.arange(len(steps) + 1), float(steps.mean()) if len(steps) else 1.0
    ratios = integer_ratios(steps)
    if ratios is None or ratios[0].sum() >= 1 << MOST_ACTIVATION_BITS:
        return None
    return np.concatenate([[0], np.cumsum(ratios[0])]), ratios[1]


def _exact_line(value: Value, scale: np.ndarray, bias: np.ndarray) -> Affine:
    """The scale as the integers have it, if it is the same but for float64's last digits."""
    first = value.steps[0]
    if isinstance(first, Affine) and np.allclose(np.abs(first.scale), np.abs(scale), rtol=_SAME_STEPS, atol=0):
        scale = np.copysign(first.scale, scale)
    return Affine(scale, bias)


def _composed(maker: Operation, starts: np.ndarray) -> np.ndarray:
    """The thresholds on the maker's sums at which its integers reach `starts` (C, n)."""
    assert maker.thresholds is not None and maker.out_type is not None
    int_type = maker.out_type
    always, never = maker.low[:, None], maker.high[:, None] + 1
    padded = np.concatenate([always, maker.thresholds, never], axis=1)
    index = (starts + 2) // 2 if int_type.bipolar else starts - int_type.min
    found: np.ndarray = np.take_along_axis(padded, np.clip(index, 0, padded.shape[1] - 1), axis=1)
    return found


def clean(value: Value, int_type: IntType, line: Affine) -> Value:
    """What stands in for a quantized tensor behind a problem: all integers of `int_type`."""
    low, high = whole_range(int_type, value.shape[0])
    return replace(value, type=int_type, low=low, high=high, steps=(line,), open=False, terms=(), known=False)
