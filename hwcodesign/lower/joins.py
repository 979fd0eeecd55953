"""Where maps come together: channels side by side, and sums."""

from collections.abc import Sequence

import numpy as np

from hwcodesign.dataflow import IntType
from hwcodesign.lower.activations import settled
from hwcodesign.lower.arithmetic import scale_or_shift
from hwcodesign.lower.network import Node
from hwcodesign.lower.values import Affine, Constant, Value
from hwcodesign.lower.walk import Tensor, Walk

_SHARE = "let one shared QuantReLU (or QuantIdentity) instance quantize all its inputs"


def concat(walk: Walk, node: Node, *inputs: Tensor | None) -> Value | None:
    """Maps side by side: their channels in hardware, whatever the axis is that they are joined along."""
    if not all(isinstance(tensor, Value) for tensor in inputs):
        return walk.note(node, "it joins a constant to a map", "join maps only")
    values = _closed(walk, node, [tensor for tensor in inputs if isinstance(tensor, Value)])
    if values is None:
        return None
    if len(values) == 1:
        return values[0]
    if len({value.shape[1:] for value in values}) > 1:
        return walk.note(node, f"its inputs ({_names(values)}) differ in height or width", "make them equal")
    if len({value.type for value in values}) > 1:
        return walk.note(
            node, f"its inputs ({_names(values)}) come from separate quantizers ({_kinds(values)})", _SHARE
        )
    first = values[0]
    axis = int(node.attributes.get("axis", 1))
    starts = np.cumsum([0, *(value.place.size for value in values)])
    try:
        place = np.concatenate([v.place + start for v, start in zip(values, starts, strict=False)], axis)
    except (ValueError, np.exceptions.AxisError):
        return walk.note(
            node, f"its inputs ({_names(values)}) do not fit along axis {axis}", "make their other axes equal"
        )
    low, high = (np.concatenate([getattr(v, end) for v in values]) for end in ("low", "high"))
    lines = [value.affine for value in values]
    line = Affine(*(np.concatenate([getattr(part, name) for part in lines]) for name in ("scale", "bias")))
    shape = (sum(value.shape[0] for value in values), *first.shape[1:])
    name = walk.operation(node.layer, "concat", *values, low=low, high=high)
    return Value(name, shape, first.type, low, high, (line,), place, known=all(v.known for v in values))


def add(walk: Walk, node: Node, *inputs: Tensor | None) -> Value | None:
    """The sum of maps; of a map and a constant it is a shift."""
    if any(isinstance(tensor, Constant) for tensor in inputs):
        return scale_or_shift(walk, node, *inputs)
    values = _closed(walk, node, [tensor for tensor in inputs if isinstance(tensor, Value)])
    if values is None:
        return None
    if node.inputs[0] == node.inputs[1]:
        return values[0].followed_by(Affine(np.full(values[0].shape[0], 2.0), np.zeros(values[0].shape[0])))
    first, second = values
    if first.shape != second.shape or not np.array_equal(first.place, second.place):
        cause = f"its inputs ({_names(values)}) are of {_sides(first)} and {_sides(second)}"
        return walk.note(node, cause, "make their shapes equal")
    if {first.type, second.type} != {first.type} or any(v.scale is None or v.scale != first.scale for v in values):
        return walk.note(
            node, f"its inputs ({_names(values)}) come from separate quantizers ({_kinds(values)})", _SHARE
        )
    low, high = first.low + second.low, first.high + second.high
    kind = IntType.holding(int(low.min()), int(high.max()))
    name = walk.operation(node.layer, "add", first, second, low=low, high=high)
    line = first.affine
    assert line is not None
    known = first.known and second.known
    return Value(name, first.shape, kind, low, high, (line,), first.place, known=known)


def _closed(walk: Walk, node: Node, values: Sequence[Value]) -> list[Value] | None:
    """The values with straight ways to their real numbers; None after noting a problem."""
    found = [settled(walk, node, value) for value in values]
    if any(value.open or value.affine is None or value.terms for value in found):
        return walk.note(node, f"not all its inputs ({_names(found)}) are quantized", _SHARE)
    return found


def _names(values: Sequence[Value]) -> str:
    return " and ".join(value.operation for value in values)


def _kinds(values: Sequence[Value]) -> str:
    return ", ".join(f"{value.type} x {value.scale:.6g}" if value.scale else str(value.type) for value in values)


def _sides(value: Value) -> str:
    return " x ".join(str(side) for side in value.place.shape[1:])
