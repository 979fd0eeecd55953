"""Pools: the maximum of integers is that of the real numbers, the mean is their sum with the division left for later."""

from dataclasses import replace

import numpy as np

from hwcodesign.dataflow import IntType
from hwcodesign.lower.activations import root, settled, turned
from hwcodesign.lower.network import Node
from hwcodesign.lower.values import Affine, Value, places
from hwcodesign.lower.walk import Walk
from hwcodesign.lower.windows import kernel_of, window_of, without_padding

_QUANTIZE = "put a QuantReLU or QuantIdentity directly after it"


def max_pool(walk: Walk, node: Node, value: Value) -> Value | None:
    """The maximum over windows. Of sums that no quantizer has closed, too: it may come before or after."""
    if node.channels_last:
        value = replace(value, place=np.moveaxis(value.place, -1, 1))
    value, more = without_padding(value)
    if not value.is_map:
        return walk.note(
            node, "the elements of its input are reordered before it", "pool maps of (channels, height, width)"
        )
    kernel = (value.shape[1], value.shape[2]) if node.operator == "GlobalMaxPool" else kernel_of(node)
    window = window_of(walk, node, value.shape, kernel, more)
    if window is None:
        return None
    maker = root(walk, value)
    if value.open and value.alone and maker is not None and maker.weights is not None:
        value = turned(walk, value, np.where(value.signs == 0, 1, value.signs))
    if value.terms or np.any(value.signs < 0):
        return walk.note(
            node,
            f"its input, from {value.operation}, falls where the integers of the hardware rise",
            "put a QuantReLU or QuantIdentity directly before it",
        )
    if any(window.pad):
        window = replace(window, pad_value=int(value.low.min()))
    if window.kernel == window.stride == (1, 1) and not any(window.pad):
        return value
    shape = (value.shape[0], *window.slide(*value.shape[1:]))
    name = walk.operation(node.layer, "max_pool", value, window=window)
    sides = shape if value.place.ndim == 4 else (shape[0], shape[2])
    place = places(shape, 1, *sides)
    place = np.moveaxis(place, 1, -1) if node.channels_last else place
    return replace(value, operation=name, shape=shape, place=place)


def average_pool(walk: Walk, node: Node, value: Value) -> Value | None:
    """The mean over windows: of the whole map, or of parts of it."""
    if not value.is_map:
        return walk.note(
            node, "the elements of its input are reordered before it", "pool maps of (channels, height, width)"
        )
    kernel = kernel_of(node)
    window = window_of(walk, node, value.shape, kernel)
    if window is None:
        return None
    if window.kernel == value.shape[1:] and not any(window.pad):
        sides = (value.shape[0], *(1 for _ in value.place.shape[2:]))
        return _over_map(walk, node, value, places((value.shape[0], 1, 1), 1, *sides), mean=True)
    return walk.note(
        node, f"it averages windows of {kernel[0]} x {kernel[1]} of a map of {value.shape[1]} x {value.shape[2]} pixels",
        "use MaxPool2d, or one average over the whole map (AdaptiveAvgPool2d(1)) at the end",
    )  # fmt: skip


def global_pool(walk: Walk, node: Node, value: Value) -> Value | None:
    """The mean of every channel over the whole map."""
    return _reduced(walk, node, value, tuple(range(2, value.place.ndim)), keep=True, mean=True)


def reduction(walk: Walk, node: Node, value: Value, *more: object) -> Value | None:
    """ReduceMean and ReduceSum over a whole map; the axes are an attribute, or since opset 18 (13) an input."""
    real = getattr(more[0], "real", None) if more else None
    axes = node.attributes.get("axes") if real is None else np.asarray(real).ravel().tolist()
    found = range(1, value.place.ndim) if axes is None else (int(axis) % value.place.ndim for axis in axes)
    keep = bool(node.attributes.get("keepdims", 1))
    return _reduced(walk, node, value, tuple(sorted(found)), keep, mean=node.operator == "ReduceMean")


def _reduced(walk: Walk, node: Node, value: Value, axes: tuple[int, ...], keep: bool, mean: bool) -> Value | None:
    """Over `axes` of the tensor, which must be all pixels of every channel."""
    channels = value.shape[0]
    rest = [axis for axis in range(value.place.ndim) if axis not in axes]
    pixels = value.place.transpose(*rest, *axes).reshape(-1, int(np.prod([value.place.shape[a] for a in axes])))
    if not np.array_equal(np.sort(pixels, axis=1), places(value.shape).reshape(channels, -1)):
        return walk.note(
            node, f"it averages over the axes {list(axes)}, which are not all pixels of a map",
            "average over the whole map, x.mean((2, 3)) or AdaptiveAvgPool2d(1)",
        )  # fmt: skip
    kept = [1 if axis in axes else side for axis, side in enumerate(value.place.shape)]
    sides = kept if keep else [value.place.shape[axis] for axis in rest]
    return _over_map(walk, node, value, np.arange(channels).reshape(sides), mean)


def _over_map(walk: Walk, node: Node, value: Value, place: np.ndarray, mean: bool) -> Value | None:
    """Hardware sums, and the division becomes part of the scale. It may sum accumulators that nothing has closed."""
    channels, height, width = value.shape
    value = settled(walk, node, value)
    line = value.affine
    if line is None or value.terms:
        return walk.note(node, f"its input, from {value.operation}, is not quantized", _QUANTIZE)
    pixels = height * width
    if value.open and value.alone:
        value = turned(walk, value, value.signs)
        line = value.affine
        assert line is not None
    line = Affine(line.scale / pixels, line.bias) if mean else Affine(line.scale, line.bias * pixels)
    if pixels == 1:
        return replace(value, steps=(line,), place=place)
    low, high = value.low * pixels, value.high * pixels
    kind = IntType.holding(int(low.min()), int(high.max()))
    name = walk.operation(node.layer, "global_acc_pool", value, low=low, high=high)
    return Value(name, (channels, 1, 1), kind, low, high, (line,), place, known=value.known)
