"""Where feature maps come together: channels side by side, and sums."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hwcodesign.dataflow import IntType
from hwcodesign.lower.activations import settled
from hwcodesign.lower.arithmetic import negative, scale_or_shift
from hwcodesign.lower.endings import ends
from hwcodesign.lower.file_network import Node
from hwcodesign.lower.ratios import MOST_FACTOR, integer_ratios
from hwcodesign.lower.values import Affine, Constant, Value
from hwcodesign.lower.walk import Tensor, Walk

_SHARE = "let one shared QuantReLU (or QuantIdentity) instance quantize all its inputs"


def concat(walk: Walk, node: Node, *inputs: Tensor | None) -> Value | None:
    """Feature maps side by side: their channels in hardware, whatever the axis is that they are joined along.

    At the network's end they may be accumulators, too: the scores of several outputs.
    """
    values = _closed(walk, node, inputs, open_too=ends(walk, node))
    if values is None or len(values) == 1:
        return None if values is None else values[0]
    axis = int(node.attributes.get("axis", 1))
    starts = np.cumsum([0, *(value.place.size for value in values)])
    cause, fix, place = "", "", None
    if any(value.terms for value in values):
        cause, fix = f"not all its inputs ({_names(values)}) are quantized", _SHARE
    elif len({value.shape[1:] for value in values}) > 1:
        cause, fix = f"its inputs ({_names(values)}) differ in height or width", "make them equal"
    else:
        try:
            place = np.concatenate([v.place + start for v, start in zip(values, starts, strict=False)], axis)
        except (ValueError, np.exceptions.AxisError):
            cause, fix = f"its inputs ({_names(values)}) do not fit along axis {axis}", "make their other axes equal"
    if place is None:
        walk.note(node, cause, fix, *(value for value in values if not value.known))
        return None
    low, high = (np.concatenate([getattr(v, end) for v in values]) for end in ("low", "high"))
    lines = [line for value in values if (line := value.affine)]
    line = Affine(np.concatenate([part.scale for part in lines]), np.concatenate([part.bias for part in lines]))
    shape = (sum(value.shape[0] for value in values), *values[0].shape[1:])
    alike = len({value.type for value in values}) == 1
    kind = values[0].type if alike else IntType.holding(int(low.min()), int(high.max()))
    name = walk.operation(node.layer, "concat", *values, low=low, high=high)
    return Value(name, shape, kind, low, high, (line,), place, known=all(v.known for v in values))


def add(walk: Walk, node: Node, *inputs: Tensor | None) -> Value | None:
    """The sum of feature maps; of a feature map and a constant it is a shift."""
    if any(isinstance(tensor, Constant) for tensor in inputs):
        return scale_or_shift(walk, node, *inputs)
    values = _closed(walk, node, inputs)
    if values is None or len(values) == 1:
        return None if values is None else values[0]
    if len(values) == 2 and values[0] is values[1]:
        return values[0].followed_by(Affine(np.full(values[0].shape[0], 2.0), np.zeros(values[0].shape[0])))
    first = values[0]
    if any(value.shape != first.shape or not np.array_equal(first.place, value.place) for value in values):
        cause = f"its inputs ({_names(values)}) are of {' and '.join(_sides(value) for value in values)}"
        walk.note(node, cause, "make their shapes equal", *(value for value in values if not value.known))
        return None
    return _sum(walk, node, [term for value in values for term in _terms(value)])


def total(walk: Walk, node: Node, *inputs: Tensor | None) -> Value | None:
    """Sum: Add of any number of tensors, the constants last."""
    plus = replace(node, operator="Add")
    maps = [tensor for tensor in inputs if not isinstance(tensor, Constant)]
    found: Tensor | None = maps[0] if len(maps) == 1 else add(walk, plus, *maps)
    for constant in (tensor for tensor in inputs if isinstance(tensor, Constant)):
        found = None if found is None else scale_or_shift(walk, plus, found, constant)
    return found if isinstance(found, Value) else None


def _terms(value: Value) -> tuple[Value, ...]:
    """What is added to make `value`, each with what came after the sum; its shift stands with the first of them."""
    line = value.affine
    if not value.terms or line is None:
        return (value,)
    shifts = (line.bias, *(np.zeros_like(line.bias) for _ in value.terms[1:]))
    return tuple(term.followed_by(Affine(line.scale, shift)) for term, shift in zip(value.terms, shifts, strict=True))


def subtract(walk: Walk, node: Node, *inputs: Tensor | None) -> Value | None:
    """The difference of two maps, as the sum of one and the other times -1; of a map and a constant it is a shift."""
    first, second = inputs
    if isinstance(first, Value) and isinstance(second, Value):
        return add(walk, node, first, negative(walk, node, second))
    return scale_or_shift(walk, node, *inputs)


def _sum(walk: Walk, node: Node, terms: list[Value]) -> Value | None:
    """Of feature maps of one scale, their integers; of others, their multiples by small integers, if that is exact.

    Otherwise which multiples it takes is left open until a quantizer comes.
    """
    first = terms[0]
    if len(terms) == 2 and first.type == terms[1].type and first.scale is not None and first.scale == terms[1].scale:
        return summed(walk, node.layer, terms, (1, 1), first.scale)
    scales = np.array([line.scale for term in terms if (line := term.affine)])
    ratios = integer_ratios(scales[:, 0]) if np.all(scales == scales[:, :1]) else None
    if ratios is not None and max(abs(int(factor)) for factor in ratios[0]) <= MOST_FACTOR and np.all(ratios[0]):
        return summed(walk, node.layer, terms, tuple(int(factor) for factor in ratios[0]), ratios[1])
    shape, zero = first.shape, np.zeros(first.shape[0], dtype=np.int64)
    line = Affine(np.ones(shape[0]), np.zeros(shape[0]))
    known = all(term.known for term in terms)
    return Value(node.layer, shape, first.type, zero, zero, (line,), first.place, terms=tuple(terms), known=known)


def summed(walk: Walk, layer: str, terms: Sequence[Value], factors: tuple[int, ...], scale: float) -> Value:
    """The operation that adds `factors` times the integers of `terms`; one unit of the sum is `scale`."""
    first = terms[0]
    ends = [
        np.sort([factor * term.low, factor * term.high], axis=0) for factor, term in zip(factors, terms, strict=True)
    ]
    low, high = (sum((end[side] for end in ends), np.zeros_like(first.low)) for side in (0, 1))
    int_type = IntType.holding(int(low.min()), int(high.max()))
    if factors == (1, 1) and first.type == terms[1].type:
        name = walk.operation(layer, "add", *terms, low=low, high=high)
    else:
        name = walk.operation(layer, "weighted_sum", *terms, low=low, high=high, attributes={"factors": factors})
    lines = [line for term in terms if (line := term.affine)]
    shift = sum((line.bias for line in lines), np.zeros(first.shape[0]))
    line = Affine(np.full(first.shape[0], scale), shift)
    known = all(term.known for term in terms)
    return Value(name, first.shape, int_type, low, high, (line,), first.place, known=known)


def _closed(walk: Walk, node: Node, inputs: Sequence[Tensor | None], open_too: bool = False) -> list[Value] | None:
    """The feature maps with straight ways to their real numbers; None after noting a problem.

    `open_too`: no quantizer need have closed them.
    """
    values = [tensor for tensor in inputs if isinstance(tensor, Value)]
    if len(values) < len(inputs):
        walk.note(node, "it joins a constant to a feature map", "join feature maps only")
        return None
    once = {id(value): settled(walk, node, value) for value in values}  # one of them may be joined with itself
    found = [once[id(value)] for value in values]
    if any((value.open and not open_too) or value.affine is None for value in found):
        walk.note(
            node, f"not all its inputs ({_names(found)}) are quantized", _SHARE, *(v for v in found if not v.known)
        )
        return None
    return found


def _names(values: Sequence[Value]) -> str:
    return " and ".join(value.operation for value in values)


def _sides(value: Value) -> str:
    return " x ".join(str(side) for side in value.place.shape[1:])
