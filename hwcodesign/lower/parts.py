"""Parts of tensors and channels in another order: which elements they are, and the wires where a layer reads them.

As with layouts, a part is noted in the tensor's `place` and costs nothing; a layer that takes nothing but feature maps
gets one from a gather in front of it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hwcodesign.lower.activations import settled
from hwcodesign.lower.file_network import Node
from hwcodesign.lower.layout import LayoutError
from hwcodesign.lower.values import Affine, Value, places
from hwcodesign.lower.walk import Walk

PARTS = ("Slice", "Split", "Gather")


def parts_of(node: Node, array: np.ndarray, others: Sequence[np.ndarray | None]) -> tuple[np.ndarray, ...]:
    """The operator's outputs; `others` are its further inputs, None if computed. Raises LayoutError."""
    if any(other is None for other, name in zip(others, node.inputs[1:], strict=True) if name):
        raise LayoutError("which part it takes is computed at run time")
    given = [None if other is None else other.ravel().tolist() for other in others]
    if node.operator == "Slice":
        return (_slice(node, array, given),)
    axis = _axis(array, int(node.attributes.get("axis", 0)))
    if node.operator == "Gather":
        assert others[0] is not None
        return (np.take(array, others[0].astype(np.int64), axis),)
    sizes = given[0] if given and given[0] is not None else node.attributes.get("split")
    if sizes is None:
        step = -(-array.shape[axis] // len(node.outputs))
        return tuple(np.split(array, range(step, array.shape[axis], step), axis))
    return tuple(np.split(array, np.cumsum(sizes)[:-1].astype(int), axis))


def _slice(node: Node, array: np.ndarray, given: Sequence[list[int] | None]) -> np.ndarray:
    """Until opset 9 the numbers are attributes."""
    inputs = zip(("starts", "ends", "axes", "steps"), given, strict=False)
    told: dict[str, Any] = {**node.attributes, **{key: numbers for key, numbers in inputs if numbers is not None}}
    count = len(told["starts"])
    axes, steps = told.get("axes", range(count)), told.get("steps", [1] * count)
    wanted = [slice(None)] * array.ndim
    for axis, start, end, step in zip(axes, told["starts"], told["ends"], steps, strict=True):
        wanted[_axis(array, axis)] = slice(start, None if end < -array.shape[axis] else end, step)
    return array[tuple(wanted)]


def _axis(array: np.ndarray, axis: int) -> int:
    if axis % array.ndim == 0:
        raise LayoutError("it takes a part of the batch")
    return axis % array.ndim


def arranged(walk: Walk, node: Node, value: Value) -> Value:
    """`value` as a feature map in its own order, if it is one of some channels or of reordered ones; else as it is."""
    order = _order(value)
    if order is None or np.array_equal(order, np.arange(value.shape[0])):
        return value
    value = settled(walk, node, value)
    line = value.affine
    if value.open or value.terms or line is None:
        fix = f"put a QuantReLU or QuantIdentity directly after {value.operation}"
        walk.note(node, f"it takes channels of {value.operation}, which is not quantized", fix, value)
        return replace(value, known=False)
    shape, low, high = (len(order), *value.shape[1:]), value.low[order], value.high[order]
    name = _gather(walk, value, tuple(order.tolist()))
    if name is None:
        attributes = {"channels": tuple(order.tolist())}
        name = walk.operation(f"{node.layer}.gather", "gather", value, low=low, high=high, attributes=attributes)
    line = Affine(line.scale[order], line.bias[order])
    return Value(name, shape, value.type, low, high, (line,), places(shape, *value.place.shape), known=value.known)


def _gather(walk: Walk, value: Value, channels: tuple[int, ...]) -> str | None:
    """The operation that takes these channels already."""
    sought = ("gather", (value.operation,), {"channels": channels})
    made = walk.operations.values()
    return next((one.name for one in made if (one.operator, one.sources, one.attributes) == sought), None)


def _order(value: Value) -> np.ndarray | None:
    """Which channel each of the tensor's is, where it consists of whole channels."""
    pixels = value.shape[1] * value.shape[2]
    if value.place.ndim < 3 or value.padded:
        return None
    rows = value.place.reshape(value.place.shape[1], -1)
    order: np.ndarray = rows[:, 0] // pixels
    whole = rows.shape[1] == pixels and np.array_equal(rows, order[:, None] * pixels + np.arange(pixels))
    return order if whole else None
