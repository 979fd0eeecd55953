"""Parts of tensors, channels in another order, shuffled pixels: which elements they are, and what makes maps of them.

As with layouts, a part is noted in the tensor's `place` and costs nothing; a layer that takes nothing but feature maps
gets one from a gather in front of it, where channels became pixels, from a pixel shuffle behind that, and where rows
and columns are left out, from a depthwise convolution. It does not matter whether a file says so in one operator or by
reshaping and transposing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hwcodesign.dataflow import Attribute
from hwcodesign.graph.builder import signed_holding
from hwcodesign.lower.activations import not_quantized, settled
from hwcodesign.lower.convolutions import picked
from hwcodesign.lower.file_network import Node
from hwcodesign.lower.layout import LayoutError
from hwcodesign.lower.operation import Window
from hwcodesign.lower.values import Affine, Map, Value, places, whole_range
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

    Also if rows and columns are left out evenly. Else as it is.
    """
    if (grid := _grid(value)) is not None:
        value = settled(walk, node, value)
        if value.open or value.terms:
            return _noted(walk, node, "leaves pixels out", value)
        value = _of_grid(walk, node, value, *grid)
    factors = factors_of(value.place, value.shape)
    order = None if value.padded else order_of(value.place, value.shape, factors)
    if order is None or (factors == (1, 1) and np.array_equal(order, np.arange(value.shape[0]))):
        return value
    rows = _rows(walk, value, order) if factors == (1, 1) else None
    if rows is not None:
        return rows
    value = settled(walk, node, value)
    line = value.affine
    if value.open or value.terms or line is None:
        return _noted(walk, node, "reorders or takes channels", value)
    made = _gathered(walk, node, value, line, order)
    return made if factors == (1, 1) else _shuffled(walk, node, made, factors, value.place.shape)


def _noted(walk: Walk, node: Node, verb: str, value: Value) -> Value:
    """What stands in for the tensor, after noting that the node does this to one that is not quantized."""
    cause, fix = not_quantized(value)
    walk.note(node, f"it {verb}, and {cause}", fix, value)
    return replace(value, known=False)


def _grid(value: Value) -> tuple[range, range] | None:
    """Which rows and columns of the map the tensor consists of, if those are not all, and evenly far from each other.

    Of which channels does not matter.
    """
    (_, height, width), place = value.shape, value.place
    if place.ndim not in (3, 4) or len(place) != 1 or value.padded:
        return None
    place = place.reshape(place.shape[1], -1, place.shape[-1])
    rows, columns = place[0, :, 0] % (height * width) // width, place[0, 0] % width
    first = place[:, 0, 0] // (height * width) * (height * width)
    if not np.array_equal(place, first[:, None, None] + rows[:, None] * width + columns):
        return None
    found = _evenly(rows), _evenly(columns)
    if found[0] is None or found[1] is None or (len(rows), len(columns)) == (height, width):
        return None
    return found[0], found[1]


def _evenly(numbers: np.ndarray) -> range | None:
    step = int(numbers[1] - numbers[0]) if len(numbers) > 1 else 1
    found = range(int(numbers[0]), int(numbers[-1]) + 1, max(step, 1))
    return found if list(found) == numbers.tolist() else None


def _of_grid(walk: Walk, node: Node, value: Value, rows: range, columns: range) -> Value:
    """The pixels of these rows and columns as a map: by the smallest kernel whose windows begin and end with them."""
    sides = list(zip(value.shape[1:], (rows, columns), strict=True))
    tall, wide = (max(at.start + 1, side - len(at) * at.step + 1) for side, at in sides)
    window = Window((tall, wide), (rows.step, columns.step))
    ones = np.ones(value.shape[0], dtype=np.int64)
    found = picked(walk, f"{node.layer}.pixels", value, window, ones, (rows.start, columns.start))
    channels = value.place.reshape(value.place.shape[1], -1)[:, 0] // (value.shape[1] * value.shape[2])
    return replace(found, place=places(found.shape)[:, channels].reshape(value.place.shape))


def with_zero_channels(walk: Walk, node: Node, value: Value, before: int, after: int) -> Value | None:
    """The feature map with so many channels of zeros around its own, by a matrix of ones; None after noting why not."""
    value = settled(walk, node, arranged(walk, node, value))
    line = value.affine
    if value.open or value.terms or line is None or not value.is_map:
        _noted(walk, node, "adds channels of zeros", value)
        return None
    low, high = (np.pad(bound, (before, after)) for bound in (value.low, value.high))
    channels = value.shape[0]
    own = whole_range(value.type, channels)  # so that the type is the layer's
    bounds = {"low": np.pad(own[0], (before, after)), "high": np.pad(own[1], (before, after))}
    weights = np.pad(np.eye(channels, dtype=np.int64), ((before, after), (0, 0)))[:, :, None, None]
    name = walk.operation(f"{node.layer}.zeros", "mvau", value, window=Window((1, 1)), weights=weights, **bounds)
    int_type = signed_holding(int(bounds["low"].min()), int(bounds["high"].max()))
    scale = np.pad(line.scale, (before, after), constant_values=line.scale[0])
    shape = (len(weights), *value.shape[1:])
    line = Affine(scale, np.pad(line.bias, (before, after)))
    return Value(name, shape, int_type, low, high, (line,), _places(shape, value.place.ndim), known=value.known)


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


def factors_of(place: np.ndarray, shape: Map) -> tuple[int, int]:
    """How many rows and columns of the tensor there are for one of the map of `shape`; 1, 1 if not whole numbers.

    `place` says of each element of the tensor (its first axis the batch) which one of the map it is.
    """
    if place.ndim not in (3, 4):
        return 1, 1
    sides = place.shape[2:] if place.ndim == 4 else (1, place.shape[2])
    if any(side % of for side, of in zip(sides, shape[1:], strict=True)):
        return 1, 1
    return sides[0] // shape[1], sides[1] // shape[2]


def order_of(place: np.ndarray, shape: Map, factors: tuple[int, int]) -> np.ndarray | None:
    """Which channel of the map each of the tensor's is, where it consists of whole ones; None if it does not.

    Where a pixel of the map is a block of so many (`factors`), they are those of the block's first pixel, then of its
    second, and so on.
    """
    (_, height, width), (rows, columns) = shape, factors
    if place.ndim == 2 and shape[1:] == (1, 1):
        return place.ravel()
    if place.ndim < 3 or place.size % (height * width * rows * columns):
        return None
    blocks = place.reshape(-1, height, rows, width, columns).transpose(2, 4, 0, 1, 3)
    channels = blocks.reshape(-1, height * width)
    order: np.ndarray = channels[:, 0] // (height * width)
    whole = np.array_equal(channels, order[:, None] * (height * width) + np.arange(height * width))
    return order if whole else None
