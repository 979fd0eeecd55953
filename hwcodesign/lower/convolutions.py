"""Convolutions and fully connected layers: a matrix of integers times the integers of a feature map.

A fully connected layer is a convolution whose kernel covers its whole feature map; where its input was reordered on the
way, its weights are reordered instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hwcodesign.core.errors import nearest_numbers
from hwcodesign.graph.builder import signed_holding
from hwcodesign.lower.activations import not_quantized, settled, with_zero
from hwcodesign.lower.file_network import Node
from hwcodesign.lower.operation import GRAPH_INPUT, Window
from hwcodesign.lower.ratios import DECIMAL, EXACT, integer_ratios
from hwcodesign.lower.values import Affine, Constant, Value, places, whole_range
from hwcodesign.lower.walk import Tensor, Walk
from hwcodesign.lower.windows import Pair, window_of, without_padding

_MOST_WHOLE = 1 << 20  # float weights that are whole numbers up to this one need no quantizer


@dataclass(frozen=True)
class _Weights:
    """`integers` (O, C, kernel height, kernel width), and for each filter and channel the `scale` (O, C)."""

    integers: np.ndarray
    scale: np.ndarray
    bipolar: bool


def convolution(walk: Walk, node: Node, *inputs: Tensor | None) -> Value | None:
    """Conv, of one or two axes, with constant weights and bias."""
    value, kernel = inputs[:2]
    weights = _weights(walk, node, kernel, inputs[2:])
    if not isinstance(value, Value) or weights is None:
        return None
    integers = weights.integers
    if node.channels_last:
        value = replace(value, place=np.moveaxis(value.place, -1, 1))
    value, more = without_padding(value)
    groups = groups_of(walk, node, integers.shape)
    if groups is None or not _reads(walk, node, value, integers.shape[1] * groups):
        return None
    window = window_of(walk, node, value.shape, integers.shape[2:], more, dilated=True)
    if window is None:
        return None
    if 1 < groups < value.shape[0]:
        weights, groups = _of_one_group(weights, groups), 1
    made = _matrix(walk, node, value, weights, window, _bias(inputs[2:]), groups)
    if made is None:
        return None
    sides = made.shape if value.place.ndim == 4 else (made.shape[0], made.shape[2])
    place = places(made.shape, 1, *sides)
    return replace(made, place=np.moveaxis(place, 1, -1) if node.channels_last else place)


def linear(walk: Walk, node: Node, *inputs: Tensor | None) -> Value | None:
    """MatMul and Gemm by a constant matrix: of the whole feature map, or of each pixel's channels."""
    value, matrix = inputs[:2]
    attributes = node.attributes
    if isinstance(value, Constant) and isinstance(matrix, Value) and node.operator == "MatMul":
        walk.note(node, "its weights stand on the left of the product", "multiply its input by the weights: x @ W.T")
        return None
    if attributes.get("transA", 0):
        walk.note(node, "its input is transposed", "use nn.Linear")
        return None
    weights = _weights(walk, node, matrix, inputs[2:])
    if not isinstance(value, Value) or weights is None:
        return None
    alpha, beta = float(attributes.get("alpha", 1.0)), float(attributes.get("beta", 1.0))
    covering = _covering(walk, node, value, weights)
    if covering is None:
        return None
    kernel, window = covering
    made = _matrix(walk, node, value, replace(kernel, scale=alpha * kernel.scale), window, beta * _bias(inputs[2:]))
    if made is None:
        return None
    pixels = places(made.shape).reshape(made.shape[0], -1).T
    more = (1,) * (np.ndim(getattr(matrix, "real", 0)) - value.place.ndim)  # in front, as numpy broadcasts
    return replace(made, place=pixels.reshape(*more, *value.place.shape[:-1], made.shape[0]))


def _reads(walk: Walk, node: Node, value: Value, channels: int) -> bool:
    """Whether the tensor is a feature map in its own order, of `channels` channels; if not, that is noted."""
    if not value.is_map:
        cause = f"the elements of its input, from {value.operation}, are reordered before it"
        fix = "convolve feature maps of (channels, height, width) in the order in which the layer before made them"
        walk.note(node, cause, fix, value)
        return False
    groups = int(node.attributes.get("group", 1))
    if groups > 1 and value.shape[0] % groups:
        cause = f"its {value.shape[0]} channels are no whole number in each of {groups} groups"
        walk.note(node, cause, f"use groups={_nearest_divisor(value.shape[0], groups)}", value)
        return False
    if channels != value.shape[0]:
        cause = f"its weights are for {channels} channels, but it gets {value.shape[0]}"
        walk.note(node, cause, f"give it in_channels={value.shape[0]}", value)
        return False
    return True


def _covering(walk: Walk, node: Node, value: Value, weights: _Weights) -> tuple[_Weights, Window] | None:
    """The matrix as a kernel: over the whole feature map, its columns in that order; or over single pixels."""
    rows, scale = weights.integers[:, :, 0, 0], weights.scale
    if not node.attributes.get("transB", 0):
        rows, scale = rows.T, scale.T
    channels, height, width = value.shape
    features, place = value.place.shape[-1], value.place
    if rows.shape[1] != features:
        cause = f"its weights are for {rows.shape[1]} features, but it gets {features}"
        walk.note(node, cause, f"give it in_features={features}", value)
        return None
    if place.size == features == np.unique(place).size and place.min() >= 0:
        of_channel = place.ravel() // (height * width)
        kernel = np.zeros((len(rows), channels * height * width), rows.dtype)
        kernel[:, place.ravel()] = rows
        scales, window = _per_channel(scale, of_channel, channels), Window((height, width))
    elif np.array_equal(place.reshape(-1, features), places(value.shape).reshape(channels, -1).T):
        kernel, scales, window = rows, scale, Window((1, 1))
    else:
        cause = f"the elements of its input, from {value.operation}, are reordered or cut before it"
        walk.note(node, cause, "flatten the whole feature map directly before the fully connected layer", value)
        return None
    if scales is None:
        walk.note(node, "its weights' scale differs from feature to feature", "use one per tensor or per filter")
        return None
    return _Weights(kernel.reshape(len(kernel), channels, *window.kernel), scales, weights.bipolar), window


def _per_channel(scale: np.ndarray, of_channel: np.ndarray, channels: int) -> np.ndarray | None:
    """Scales (O, features) as (O, channels), if all features of a channel share one."""
    found = np.repeat(scale[:, :1], channels, axis=1)  # of a channel that is not among them, weights are 0
    found[:, of_channel] = scale
    return found if np.array_equal(found[:, of_channel], scale) else None


def _weights(walk: Walk, node: Node, kernel: Tensor | None, bias: Sequence[Tensor | None]) -> _Weights | None:
    """Constant weights as integers, with axes of size 1 where there are none; None after noting what they are."""
    if not isinstance(kernel, Constant) or any(isinstance(tensor, Value) for tensor in bias):
        walk.note(node, "its weights or bias are computed at run time", "use constant weights and bias")
        return None
    integers, scale = kernel.integers, kernel.scale
    if integers is None or scale is None:
        whole = np.rint(kernel.real)
        if not np.array_equal(whole, kernel.real) or np.abs(whole).max() > _MOST_WHOLE:
            walk.note(node, "its weights are not quantized", "use QuantConv2d or QuantLinear")
            return None
        integers, scale = whole.astype(np.int64), np.ones(whole.shape)
    scale = np.broadcast_to(scale, integers.shape)
    if node.operator != "Conv":
        if integers.ndim < 2 or integers.size != np.prod(integers.shape[-2:]):
            cause = f"its weights, of the shape {integers.shape}, are no single matrix"
            walk.note(node, cause, "use one matrix (features, outputs) for all its input")
            return None
        integers, scale = (part.reshape(part.shape[-2:]) for part in (integers, scale))
    if node.channels_last and node.operator == "Conv":
        integers, scale = np.moveaxis(integers, -1, 1), np.moveaxis(scale, -1, 1)
    missing = 4 - integers.ndim
    axes = (2,) if missing == 1 else tuple(range(2, 2 + missing))  # a kernel of one axis is one row high
    integers, scale = np.expand_dims(integers, axes), np.expand_dims(scale, axes)
    per_channel = scale[:, :, 0, 0]
    if np.any(scale != per_channel[:, :, None, None]):
        walk.note(node, "its weights have several scales inside one filter", "use one scale per tensor or per filter")
        return None
    return _Weights(integers, per_channel, kernel.bipolar)


def _of_one_group(weights: _Weights, groups: int) -> _Weights:
    """The same convolution as one group, whose filters have weights 0 for the channels of the others.

    Exact, with the hardware of any convolution; it takes `groups` times the weights and products.
    """
    filters, channels = weights.integers.shape[:2]
    whole = np.zeros((filters, groups * channels, *weights.integers.shape[2:]), dtype=np.int64)
    for group, rows in enumerate(np.split(np.arange(filters), groups)):
        whole[rows, group * channels : (group + 1) * channels] = weights.integers[rows]
    return replace(weights, integers=whole, scale=np.tile(weights.scale, groups))


def _bias(tensors: Sequence[Tensor | None]) -> np.ndarray | float:
    found = next((tensor for tensor in tensors if isinstance(tensor, Constant)), None)
    return 0.0 if found is None else found.exact.ravel()


def _matrix(
    walk: Walk, node: Node, value: Value, weights: _Weights, window: Window, bias: np.ndarray | float, groups: int = 1
) -> Value | None:
    """The layer itself; its accumulators stay open until a quantizer comes.

    Of several `groups`, each has as many filters, which see its own channels alone.
    """
    value = settled(walk, node, value)
    line = value.affine
    if value.open or line is None or value.terms:
        walk.note(node, *not_quantized(value))
        return None
    # A normalization's mean and deviation are decimal numbers; a quantizer's scale is the float32 that it is.
    seen = np.repeat(line.scale.reshape(groups, -1), len(weights.scale) // groups, axis=0)
    factors = _factors(weights.scale, seen, DECIMAL if value.operation == GRAPH_INPUT else EXACT)
    if factors is None:
        walk.note(node, *_uneven(value, bool(np.all(seen == seen[0, 0]))))
        return None
    multipliers, scale = factors
    with_border = with_zeros(walk, node, value, window, line)
    if with_border is None:
        return None
    value, padded = with_border
    sums = weights.integers.sum(axis=(2, 3))
    even = np.all(weights.scale == weights.scale[:, :1])
    shift = weights.scale[:, 0] * _by_group(sums, line.bias) if even else _by_group(weights.scale * sums, line.bias)
    integers = weights.integers if multipliers is None else weights.integers * multipliers[:, :, None, None]
    bipolar = weights.bipolar and bool(np.all(np.abs(integers) == 1))
    low, high = _bounds(integers, value, padded)
    name = walk.operation(
        node.layer, "vvau" if groups == value.shape[0] > 1 else "mvau", value, window=padded, weights=integers,
        bipolar=bipolar, groups=groups, low=low, high=high,
    )  # fmt: skip
    shape = (len(integers), *window.slide(*value.shape[1:]))
    int_type = signed_holding(int(low.min()), int(high.max()))
    line = Affine(scale, shift + bias)
    return Value(name, shape, int_type, low, high, (line,), places(shape), open=True, known=value.known)


def _factors(weights: np.ndarray, inputs: np.ndarray, precision: float) -> tuple[np.ndarray | None, np.ndarray] | None:
    """Integers for how scales differ from channel to channel (None: 1), and a scale (O,) for the rest.

    `weights` and `inputs` are the scales of what each filter multiplies; they, and the integers, are (O, C).
    """
    even = np.all(weights == weights[:, :1])
    if even and np.all(inputs == inputs[:, :1]):
        return None, weights[:, 0] * inputs[:, 0]
    if even and np.all(inputs == inputs[0]):
        ratios = integer_ratios(inputs[0], precision)
        return None if ratios is None else (np.tile(ratios[0], (len(weights), 1)), weights[:, 0] * ratios[1])
    found = [integer_ratios(row, precision) for row in weights * inputs]
    if any(ratios is None for ratios in found):
        return None
    rows = [ratios for ratios in found if ratios is not None]
    return np.stack([row[0] for row in rows]), np.array([row[1] for row in rows])


def _uneven(value: Value, even_input: bool) -> tuple[str, str]:
    if even_input:
        return (
            "the scales of its weights differ inside one filter, by ratios of no small whole numbers",
            "use one scale per tensor or per filter",
        )
    if value.operation == GRAPH_INPUT:
        return (
            "its pixels are scaled by other numbers from channel to channel, whose ratios are no small whole numbers",
            "put an 8-bit QuantIdentity directly after the normalization, or divide all channels by one number",
        )
    return (
        f"the channels of its input, from {value.operation}, differ in scale, by ratios of no small whole numbers",
        "use one activation scale per tensor (scaling_per_output_channel=False), and one quantizer before a cat, or "
        "quantize once more directly before this layer",
    )


def with_zeros(walk: Walk, node: Node, value: Value, window: Window, line: Affine) -> tuple[Value, Window] | None:
    """The window with the integer that stands for the real number 0 in its padding, and a value that has it."""
    if not any(window.pad):
        return value, window
    if value.type.bipolar:
        value = with_zero(walk, value)
    with np.errstate(divide="ignore", invalid="ignore"):
        zeros = np.where(line.bias == 0, 0.0, -line.bias / line.scale)
    zero = float(np.rint(zeros[0])) if np.isfinite(zeros[0]) else 0.0
    if np.any(np.abs(zeros - zero) > 1e-9 * max(1.0, abs(zero))) or not value.type.min <= zero <= value.type.max:
        walk.note(
            node,
            "its input is shifted (a mean is subtracted), so that padding would have to insert the mean",
            "use mean 0, or padding=0 in this layer, or quantize once more directly before it",
        )
        return None
    return value, replace(window, pad_value=int(zero))


def picked(walk: Walk, layer: str, value: Value, window: Window, signs: np.ndarray, at: Pair = (0, 0)) -> Value:
    """Of every window of a quantized map its pixel `at`, times the sign of its channel (C,): a depthwise convolution.

    The tensor keeps its `place`, which is the caller's to change where pixels become fewer.
    """
    channels = value.shape[0]
    weights = np.zeros((channels, 1, *window.kernel), dtype=np.int64)
    weights[:, 0, at[0], at[1]] = signs
    low, high = np.sort(np.array(whole_range(value.type, channels)) * signs, axis=0)  # so that the type is the layer's
    name = walk.operation(
        layer, "vvau" if channels > 1 else "mvau", value, window=window, weights=weights, groups=channels,
        low=low, high=high,
    )  # fmt: skip
    int_type = signed_holding(int(low.min()), int(high.max()))
    low, high = np.sort([value.low * signs, value.high * signs], axis=0)
    first, *others = value.steps
    assert isinstance(first, Affine)
    steps = (Affine(first.scale * signs, first.bias), *others)
    shape = (channels, *window.slide(*value.shape[1:]))
    return replace(value, operation=name, shape=shape, type=int_type, low=low, high=high, steps=steps)


def _bounds(weights: np.ndarray, value: Value, window: Window) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and largest sum of products that each filter can reach, (O,) int64 each."""
    low, high = value.low, value.high
    if any(window.pad):
        low, high = np.minimum(low, window.pad_value), np.maximum(high, window.pad_value)
    positive, negative = (np.clip(w, 0, None).sum(axis=(2, 3)) for w in (weights, -weights))
    return (
        _by_group(positive, low) - _by_group(negative, high),
        _by_group(positive, high) - _by_group(negative, low),
    )


def _by_group(rows: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The products (O,) of the rows (O, C) and those of the `values` that each one's group sees: C after C of them."""
    groups = len(values) // rows.shape[1]
    parts = zip(np.split(rows, groups), np.split(values, groups), strict=True)
    return np.concatenate([of_group @ seen for of_group, seen in parts])


def check_alone(walk: Walk, node: Node, kernel: Constant) -> None:
    """Note what is wrong with the layer whatever it reads: weights in floating point, groups."""
    weights = _weights(walk, node, kernel, ())
    if node.operator != "Conv" or weights is None:
        return
    groups_of(walk, node, weights.integers.shape)


def groups_of(walk: Walk, node: Node, shape: tuple[int, ...]) -> int | None:
    """The groups of filters whose weights are of `shape`; None after noting that there is no hardware for them.

    There is if all have equally many filters.
    """
    groups = int(node.attributes.get("group", 1))
    if groups > 0 and shape[0] % groups == 0:
        return groups
    cause = f"its {shape[0]} filters are no whole number in each of {groups} groups"
    walk.note(node, cause, f"use groups={_nearest_divisor(shape[0], groups)}")
    return None


def _nearest_divisor(number: int, wanted: int) -> int:
    return nearest_numbers(wanted, (n for n in range(1, number + 1) if number % n == 0), 1)[0]
