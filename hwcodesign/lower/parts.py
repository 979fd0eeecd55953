"""Parts of tensors, channels in another order, shuffled pixels: which elements they are, and what makes maps of them.

As with layouts, a part is noted in the tensor's `place` and costs nothing; a layer that takes nothing but feature maps
gets one from a gather in front of it, and where channels became pixels, from a pixel shuffle behind that. It does not
matter whether a file says so in one operator or by reshaping and transposing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hwcodesign.dataflow import Attribute
from hwcodesign.lower.activations import settled
from hwcodesign.lower.file_network import Node
from hwcodesign.lower.layout import LayoutError
from hwcodesign.lower.values import Affine, Map, Value, places
from hwcodesign.lower.walk import Walk

PARTS = ("Slice", "Split", "Gather")


def parts_of(node: Node, array: np.ndarray, others: Sequence[np.ndarray | None]) -> tuple[np.ndarray, ...]:
    """The operator's outputs; `others` are its further inputs, None if computed. Raises LayoutError."""
    found = _parts(node, array, others)
    if not all(part.size for part in found):
        raise LayoutError("it takes no element at all")
    return found


def _parts(node: Node, array: np.ndarray, others: Sequence[np.ndarray | None]) -> tuple[np.ndarray, ...]:
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
    """`value` as a feature map in its own order, if it is of some channels, of reordered or of shuffled ones.

    Else as it is.
    """
    factors = _factors(value)
    order = _order(value, factors)
    if order is None or (factors == (1, 1) and np.array_equal(order, np.arange(value.shape[0]))):
        return value
    rows = _rows(walk, value, order) if factors == (1, 1) else None
    if rows is not None:
        return rows
    value = settled(walk, node, value)
    line = value.affine
    if value.open or value.terms or line is None:
        fix = f"put a QuantReLU or QuantIdentity directly after {value.operation}"
        walk.note(node, f"it reorders or takes channels of {value.operation}, which is not quantized", fix, value)
        return replace(value, known=False)
    made = _gathered(walk, node, value, line, order)
    return made if factors == (1, 1) else _shuffled(walk, node, made, factors, value.place.shape)


def _rows(walk: Walk, value: Value, order: np.ndarray) -> Value | None:
    """Sums that no quantizer has closed and nobody else reads, of these rows of their matrix; None if they are not."""
    maker, line = walk.maker(value.operation), value.affine
    if not (value.open and value.alone and line is not None and maker is not None and maker.groups == 1):
        return None
    if maker.weights is None:
        return None
    low, high = value.low[order], value.high[order]
    walk.operations[maker.name] = replace(maker, weights=maker.weights[order], low=low, high=high)
    shape, line = (len(order), *value.shape[1:]), Affine(line.scale[order], line.bias[order])
    return replace(value, shape=shape, low=low, high=high, steps=(line,), place=_places(shape, value.place.ndim))


def _places(shape: Map, axes: int) -> np.ndarray:
    """The `place` of a tensor of so many axes that is the feature map itself."""
    return places(shape, 1, *(shape if axes == 4 else (shape[0], shape[2]) if axes == 3 else (shape[0],)))


def _gathered(walk: Walk, node: Node, value: Value, line: Affine, order: np.ndarray) -> Value:
    """The channels of `order`."""
    if np.array_equal(order, np.arange(value.shape[0])):
        return value
    low, high, channels = value.low[order], value.high[order], {"channels": tuple(order.tolist())}
    name = _made(walk, value, "gather", channels)
    if name is None:
        name = walk.operation(f"{node.layer}.gather", "gather", value, low=low, high=high, attributes=channels)
    line, shape = Affine(line.scale[order], line.bias[order]), (len(order), *value.shape[1:])
    place = _places(shape, value.place.ndim)
    return Value(name, shape, value.type, low, high, (line,), place, known=value.known)


def _shuffled(walk: Walk, node: Node, value: Value, factors: tuple[int, int], tensor: tuple[int, ...]) -> Value:
    """Blocks of pixels made of channels, whose integers must mean the same then: of the shape `tensor`."""
    rows, columns = factors
    line = value.affine
    assert line is not None
    scale, bias = (numbers.reshape(rows * columns, -1) for numbers in (line.scale, line.bias))
    if np.any(scale != scale[0]) or np.any(bias != bias[0]):
        fix = "quantize it with one scale for all channels"
        walk.note(node, f"it makes pixels of channels of {value.operation} that have scales of their own", fix, value)
        return replace(value, known=False)
    low = value.low.reshape(rows * columns, -1).min(axis=0)
    high = value.high.reshape(rows * columns, -1).max(axis=0)
    name = _made(walk, value, "depth_to_space", {"factors": factors})
    if name is None:
        at, wanted = f"{node.layer}.shuffle", {"factors": factors}
        name = walk.operation(at, "depth_to_space", value, low=low, high=high, attributes=wanted)
    shape = (len(low), value.shape[1] * rows, value.shape[2] * columns)
    line = Affine(scale[0], bias[0])
    return Value(name, shape, value.type, low, high, (line,), places(shape, *tensor), known=value.known)


def _made(walk: Walk, value: Value, operator: str, attributes: Mapping[str, Attribute]) -> str | None:
    """The operation that does this to `value` already."""
    sought = (operator, (value.operation,), attributes)
    made = walk.operations.values()
    return next((one.name for one in made if (one.operator, one.sources, one.attributes) == sought), None)


def _factors(value: Value) -> tuple[int, int]:
    """How many rows and columns of the tensor there are for one of the map; 1, 1 if they are not whole numbers."""
    if value.place.ndim not in (3, 4):
        return 1, 1
    sides = value.place.shape[2:] if value.place.ndim == 4 else (1, value.place.shape[2])
    if any(side % of for side, of in zip(sides, value.shape[1:], strict=True)):
        return 1, 1
    return sides[0] // value.shape[1], sides[1] // value.shape[2]


def _order(value: Value, factors: tuple[int, int]) -> np.ndarray | None:
    """Which channel of the map each of the tensor's is, where it consists of whole ones; None if it does not.

    Where a pixel of the map is a block of so many (`factors`), they are those of the block's first pixel, then of its
    second, and so on.
    """
    (_, height, width), (rows, columns) = value.shape, factors
    if value.place.ndim == 2 and value.shape[1:] == (1, 1) and not value.padded:
        return value.place.ravel()
    if value.place.ndim < 3 or value.padded or value.place.size % (height * width * rows * columns):
        return None
    blocks = value.place.reshape(-1, height, rows, width, columns).transpose(2, 4, 0, 1, 3)
    channels = blocks.reshape(-1, height * width)
    order: np.ndarray = channels[:, 0] // (height * width)
    whole = np.array_equal(channels, order[:, None] * (height * width) + np.arange(height * width))
    return order if whole else None
