"""Pools: the maximum of integers is that of the real numbers; the mean is their sum, divided later."""

from dataclasses import replace

import numpy as np

from hwcodesign.dataflow import IntType
from hwcodesign.lower.activations import not_quantized, root, settled, turned
from hwcodesign.lower.convolutions import picked, with_zeros
from hwcodesign.lower.file_network import Node
from hwcodesign.lower.operation import Window
from hwcodesign.lower.values import Affine, Value, places
from hwcodesign.lower.walk import Walk
from hwcodesign.lower.windows import kernel_of, window_of, without_padding


def max_pool(walk: Walk, node: Node, value: Value) -> Value | None:
    """The maximum over windows. Of sums that no quantizer has closed, too: it may come before or after."""
    if node.channels_last:
        value = replace(value, place=np.moveaxis(value.place, -1, 1))
    fill = value.fill if value.padded else None
    value, more = without_padding(value)
    if not value.is_map:
        walk.note(node, "its input is reordered before it", "pool tensors of (channels, height, width)", value)
        return None
    kernel = kernel_of(node) if node.operator == "MaxPool" else (value.shape[1], value.shape[2])
    window = window_of(walk, node, value.shape, kernel, more, filled_up=True)
    if window is None:
        return None
    maker = root(walk, value)
    if value.open and value.alone and maker is not None and maker.weights is not None:
        value = turned(walk, value, np.where(value.signs == 0, 1, value.signs))
    if value.terms:
        walk.note(node, *not_quantized(value))
        return None
    if np.any(value.signs < 0) and not value.open:
        value = picked(walk, f"{node.layer}.signs", value, Window((1, 1)), np.where(value.signs < 0, -1, 1))
    if not _rises(walk, node, value) or not _never_wins(walk, node, value, window, fill):
        return None
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


def _rises(walk: Walk, node: Node, value: Value) -> bool:
    """Whether in every channel the largest integer is the largest number; if not, that is noted."""
    rises = bool(np.all(value.signs >= 0))
    if not rises:
        walk.note(
            node,
            f"a factor below 0 (of a batch norm, say) stands between {value.operation} and it: of some channels the "
            "maximum would be the minimum of their integers",
            "keep that factor above 0, put a quantizer before it, or use an average pool",
            value,
        )
    return rises


def _never_wins(walk: Walk, node: Node, value: Value, window: Window, fill: float | None) -> bool:
    """Whether a maximum is the same with `fill` around the feature map as with the lowest integer there.

    If not, that is noted. None: nothing was padded.
    """
    if fill is None:
        return True
    lowest = value.real(value.low[:, None])
    same = bool(np.all(lowest == fill)) and not value.open and bool(np.all(value.low == value.type.min))
    touched = all(pad < window.kernel[side % 2] for side, pad in enumerate(window.pad))  # of the map, by each window
    if same or (touched and fill <= lowest.min()):
        return True
    walk.note(
        node,
        f"its input was padded with {fill:g} before it, which is not the lowest number there can be",
        "give the padding to the pool (padding=...), or put a QuantReLU before it and pad with zeros",
    )
    return False


def average_pool(walk: Walk, node: Node, value: Value) -> Value | None:
    """The mean over windows: of the whole feature map, or of parts of it. They count what a Pad put around it."""
    value, more = without_padding(value)
    if not value.is_map:
        walk.note(node, "its input is reordered before it", "pool tensors of (channels, height, width)", value)
        return None
    window = window_of(walk, node, value.shape, kernel_of(node), more)
    if window is None:
        return None
    if window.pad != more and not node.attributes.get("count_include_pad", 0):
        walk.note(node, "its windows at the border average fewer pixels", "use padding=0, or count_include_pad=True")
        return None
    if window.kernel == window.stride == (1, 1) and not any(window.pad):
        return value
    if window.kernel == value.shape[1:] and not any(window.pad):
        sides = (value.shape[0], *(1 for _ in value.place.shape[2:]))
        return _over_map(walk, node, value, places((value.shape[0], 1, 1), 1, *sides), mean=True)
    return _window_mean(walk, node, value, window)


def _window_mean(walk: Walk, node: Node, value: Value, window: Window) -> Value | None:
    """Hardware sums the windows; the division becomes part of the scale."""
    found = _summable(walk, node, value)
    line = found.affine if found is not None else None
    if found is None or line is None:
        return None
    value = found
    elements = window.kernel[0] * window.kernel[1]
    if any(window.pad):
        padded = with_zeros(walk, node, value, window, line)
        if padded is None:
            return None
        value, window = padded
    low, high = value.low * elements, value.high * elements
    if any(window.pad):
        low, high = np.minimum(low, window.pad_value * elements), np.maximum(high, window.pad_value * elements)
    int_type = IntType.holding(int(low.min()), int(high.max()))
    shape = (value.shape[0], *window.slide(*value.shape[1:]))
    name = walk.operation(node.layer, "sum_pool", value, window=window, low=low, high=high)
    sides = shape if value.place.ndim == 4 else (shape[0], shape[2])
    line = Affine(line.scale / elements, line.bias)
    return Value(name, shape, int_type, low, high, (line,), places(shape, 1, *sides), known=value.known)


def _summable(walk: Walk, node: Node, value: Value) -> Value | None:
    """The value with a straight way to its real numbers; None after noting that it has none."""
    value = settled(walk, node, value)
    if value.affine is None or value.terms:
        walk.note(node, *not_quantized(value))
        return None
    return turned(walk, value, value.signs) if value.open and value.alone else value


def global_pool(walk: Walk, node: Node, value: Value) -> Value | None:
    """The mean of every channel over the whole feature map."""
    place = _place_without(walk, node, value, tuple(range(2, value.place.ndim)), keep=True)
    return None if place is None else _over_map(walk, node, value, place, mean=True)


def reduction(walk: Walk, node: Node, value: Value, *more: object) -> Value | None:
    """ReduceMean, -Sum, -Max over a whole feature map; the axes are an attribute, or since opset 18 (13) an input."""
    real = getattr(more[0], "real", None) if more else None
    axes = node.attributes.get("axes") if real is None else np.asarray(real).ravel().tolist()
    if not axes and node.attributes.get("noop_with_empty_axes", 0):
        return value
    found = range(1, value.place.ndim) if not axes else (int(axis) % value.place.ndim for axis in axes)
    keep = bool(node.attributes.get("keepdims", 1))
    place = _place_without(walk, node, value, tuple(sorted(found)), keep)
    if place is None:
        return None
    if node.operator != "ReduceMax":
        return _over_map(walk, node, value, place, mean=node.operator == "ReduceMean")
    most = max_pool(walk, node, replace(value, place=places(value.shape)))
    return None if most is None else replace(most, place=place)


def _place_without(walk: Walk, node: Node, value: Value, axes: tuple[int, ...], keep: bool) -> np.ndarray | None:
    """Of the tensor without `axes`, which must be all pixels of every channel; None after noting that they are not."""
    channels = value.shape[0]
    rest = [axis for axis in range(value.place.ndim) if axis not in axes]
    pixels = value.place.transpose(*rest, *axes).reshape(-1, int(np.prod([value.place.shape[a] for a in axes])))
    if not np.array_equal(np.sort(pixels, axis=1), places(value.shape).reshape(channels, -1)):
        walk.note(
            node, f"it works over the axes {list(axes)}, which are not all pixels of a feature map",
            "let it work over the whole feature map, as x.mean((2, 3)) or AdaptiveAvgPool2d(1) do", value,
        )  # fmt: skip
        return None
    kept = [1 if axis in axes else side for axis, side in enumerate(value.place.shape)]
    return np.arange(channels).reshape(kept if keep else [value.place.shape[axis] for axis in rest])


def _over_map(walk: Walk, node: Node, value: Value, place: np.ndarray, mean: bool) -> Value | None:
    """Hardware sums, and the division becomes part of the scale. It may sum accumulators that nothing has closed."""
    channels, height, width = value.shape
    found = _summable(walk, node, value)
    line = found.affine if found is not None else None
    if found is None or line is None:
        return None
    value, pixels = found, height * width
    line = Affine(line.scale / pixels, line.bias) if mean else Affine(line.scale, line.bias * pixels)
    if pixels == 1:
        return replace(value, steps=(line,), place=place)
    low, high = value.low * pixels, value.high * pixels
    int_type = IntType.holding(int(low.min()), int(high.max()))
    name = walk.operation(node.layer, "global_acc_pool", value, low=low, high=high)
    return Value(name, (channels, 1, 1), int_type, low, high, (line,), place, known=value.known)
