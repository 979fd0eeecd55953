"""Layers that become hardware: their integer arithmetic, and what of them the hardware cannot do."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from onnx import NodeProto

from hwcodesign.dataflow import IntType
from hwcodesign.graph.builder import signed_holding
from hwcodesign.lower.quantize import close
from hwcodesign.lower.traversal import GRAPH_INPUT, Walk, attributes
from hwcodesign.lower.values import Affine, Value, quantized

_QUANTIZE = "put a QuantReLU or QuantIdentity directly after it"


def convolution(walk: Walk, node: NodeProto, layer: str, *values: Value) -> Value | None:
    """A convolution with quantized weights; its accumulators stay open until a quantizer comes."""
    weights = walk.weights.get(node.input[1])
    if weights is None or len(values) != 1:
        walk.problems.add(layer, "its weights or bias are computed at run time", "use constant weights and bias")
        return None
    value, details = values[0], attributes(node)
    line = _line_into(walk, layer, value, padded=any(details.get("pads", [0])))
    if line is None:
        return None
    if weights.integers.shape[1] != value.shape[0]:
        cause = f"it takes {weights.integers.shape[1]} channels but gets {value.shape[0]}"
        walk.problems.add(layer, cause, "make them equal")
        return None
    scale = weights.scale * line.scale[0]
    shift = weights.scale * (weights.integers.sum(axis=(2, 3)) @ line.bias) + _bias(walk, node)
    low, high = _accumulator_bounds(weights.integers, value)
    name = walk.operation(layer, "mvau", value, weights=weights.integers, low=low, high=high)
    shape = _windows(value, weights.integers.shape, details)
    kind = signed_holding(int(low.min()), int(high.max()))
    return Value(name, shape, kind, low, high, (Affine(scale, shift),), open=True)


def _line_into(walk: Walk, layer: str, value: Value, padded: bool) -> Affine | None:
    """How integers become the real input of a convolution; None after noting why it cannot read them."""
    note = partial(walk.problems.add, layer)
    line = value.affine
    uneven = line is None or bool(np.any(line.scale != line.scale[0]))
    if value.operation == GRAPH_INPUT and uneven:
        note("its pixels are scaled per channel, or clipped", "scale all channels by one number")
    elif value.open or line is None or uneven:
        note(f"its input, from {value.operation}, is not quantized", _QUANTIZE)
    elif padded and value.type.bipolar:
        note("it pads a map of {-1, +1} with zeros, which are neither", "use padding=0, or activations of 2 bits")
    elif padded and np.any(line.bias):
        note(
            "its input is shifted (a mean is subtracted), so that padding would have to insert the mean",
            "use mean 0, or padding=0 in this layer",
        )
    else:
        return line
    return None


def _bias(walk: Walk, node: NodeProto) -> np.ndarray | float:
    bias = walk.constant(node.input[2]) if len(node.input) > 2 else None
    return 0.0 if bias is None else bias.astype(np.float64)


def _windows(value: Value, weights: tuple[int, ...], details: Mapping[str, Any]) -> tuple[int, int, int]:
    """(filters, rows, columns) of a window of `weights` (filters, channels, rows, columns) sliding over `value`."""
    _, height, width = value.shape
    top, left, bottom, right = details.get("pads", [0, 0, 0, 0])
    down, across = details.get("strides", [1, 1])
    return (
        weights[0],
        (height + top + bottom - weights[2]) // down + 1,
        (width + left + right - weights[3]) // across + 1,
    )


def _accumulator_bounds(weights: np.ndarray, value: Value) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and largest sum of products that each filter can reach, (O,) int64 each."""
    positive, negative = (np.clip(w, 0, None).sum(axis=(2, 3)) for w in (weights, -weights))
    return positive @ value.low - negative @ value.high, positive @ value.high - negative @ value.low


def max_pool(walk: Walk, node: NodeProto, layer: str, value: Value) -> Value | None:
    """The maximum of the integers is that of the real numbers, which rise with them."""
    if value.open or np.any(value.signs < 0):
        walk.problems.add(layer, f"its input, from {value.operation}, is not quantized", _QUANTIZE)
        return None
    details = attributes(node)
    shape = _windows(value, (value.shape[0], 1, *details["kernel_shape"]), details)
    return replace(value, operation=walk.operation(layer, "max_pool", value), shape=shape)


def concat(walk: Walk, node: NodeProto, layer: str, *values: Value) -> Value | None:
    """Channels of maps that share a quantizer, side by side."""
    if len(values) != len(node.input):
        walk.problems.add(layer, "it joins a constant to a map", "join maps only")
        return None
    scale = _shared_scale(walk, layer, values)
    if scale is None:
        return None
    shape = (sum(value.shape[0] for value in values), *values[0].shape[1:])
    return quantized(walk.operation(layer, "concat", *values), shape, values[0].type, scale)


def add(walk: Walk, node: NodeProto, layer: str, *values: Value) -> Value | None:
    """The sum of two maps that share a quantizer."""
    del node
    scale = _shared_scale(walk, layer, values)
    if scale is None:
        return None
    kind = IntType.holding(2 * values[0].type.min, 2 * values[0].type.max)
    total = quantized(walk.operation(layer, "add", *values), values[0].shape, kind, scale)
    return replace(total, low=2 * values[0].low, high=2 * values[0].high)


def _shared_scale(walk: Walk, layer: str, values: tuple[Value, ...]) -> float | None:
    """The scale of the one quantizer that all `values` come from; None after noting a problem."""
    fix = "let one shared QuantReLU (or QuantIdentity) instance quantize all its inputs"
    names = " and ".join(value.operation for value in values)
    if any(value.open or value.scale is None for value in values):
        walk.problems.add(layer, f"not all its inputs ({names}) are quantized", fix)
    elif len({(value.type, value.scale) for value in values}) > 1:
        kinds = ", ".join(f"{value.type} x {value.scale:.6g}" for value in values)
        walk.problems.add(layer, f"its inputs ({names}) come from separate quantizers ({kinds})", fix)
    elif len({value.shape[1:] for value in values}) > 1:
        walk.problems.add(layer, f"its inputs ({names}) differ in height or width", "make them equal")
    else:
        return values[0].scale
    return None


def global_pool(walk: Walk, node: NodeProto, layer: str, value: Value) -> Value | None:
    """The mean over the whole map: hardware sums, and the division becomes part of the scale.

    It may sum a convolution's accumulators, which no quantizer has closed.
    """
    channels, height, width = value.shape
    if value.affine is None or (value.open and not walk.has_one_reader(node.input[0])):
        walk.problems.add(layer, f"its input, from {value.operation}, is not quantized", _QUANTIZE)
        return None
    value = close(walk, value) if value.open else value
    line = value.affine
    assert line is not None
    pixels = height * width
    low, high = value.low * pixels, value.high * pixels
    kind = IntType.holding(int(low.min()), int(high.max()))
    name = walk.operation(layer, "global_acc_pool", value)
    return Value(name, (channels, 1, 1), kind, low, high, (Affine(line.scale / pixels, line.bias),))
