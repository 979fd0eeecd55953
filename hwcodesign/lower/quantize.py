"""Quantizers in the graph: weights become integers, activations end a layer with thresholds."""

from dataclasses import replace

import numpy as np
from onnx import NodeProto

from hwcodesign.lower.quantizers import MOST_ACTIVATION_BITS, Quantizer, read_quantizer, thresholds
from hwcodesign.lower.rank4 import map_shape
from hwcodesign.lower.traversal import Walk, Weights
from hwcodesign.lower.values import Affine, Value, quantized


def quantize_weights(walk: Walk, node: NodeProto, layer: str, real: np.ndarray) -> None:
    """A quantizer of constants: weights (O, C, kernel height, kernel width), or a problem."""
    quantizer = read_quantizer(walk.model, node, layer, walk.problems)
    if quantizer is None:
        return
    scale = quantizer.scale
    if real.ndim == 1:
        walk.problems.add(
            layer, "its bias is quantized", "leave the bias in floating point (no bias_quant): it is absorbed exactly"
        )
    elif scale.size not in (1, len(real)):
        walk.problems.add(layer, f"its weights' scale has the shape {scale.shape}", "use one per tensor or per filter")
    else:
        integers = quantizer.integers(real.astype(np.float32), scale.astype(np.float32))
        scales = np.broadcast_to(scale.astype(np.float64).ravel(), len(real))
        walk.weights[node.output[0]] = Weights(integers, scales)


def quantize(walk: Walk, node: NodeProto, layer: str, value: Value | None) -> Value | None:
    """A quantizer of activations: it ends the convolution before it, or is a layer of its own.

    Behind something that cannot be converted (`value` None) it stands in, so that the layers after it are checked too.
    """
    quantizer = read_quantizer(walk.model, node, layer, walk.problems)
    if quantizer is None:
        return None
    scale = _one_scale(walk, quantizer, layer)
    if value is None or quantizer.type.bits > MOST_ACTIVATION_BITS:
        return quantized(layer, map_shape(walk.model, node.output[0]), quantizer.type, scale)
    if not value.open:
        return quantized(_stand_alone(walk, value, quantizer, scale, layer), value.shape, quantizer.type, scale)
    if not walk.has_one_reader(node.input[0]):
        walk.problems.add(
            value.operation, "several layers read its result before it is quantized",
            "put one shared QuantReLU (or QuantIdentity) directly after it",
        )  # fmt: skip
        return quantized(value.operation, value.shape, quantizer.type, scale)
    closed = close(walk, value)
    walk.operations[closed.operation] = replace(
        walk.operations[closed.operation],
        thresholds=thresholds(closed, quantizer, scale),
        out_type=quantizer.type,
    )
    return quantized(closed.operation, value.shape, quantizer.type, scale)


def close(walk: Walk, value: Value) -> Value:
    """Turn the sign of a convolution's rows where needed, so that real numbers rise with its accumulators.

    A row on whose accumulator nothing depends (its scale is 0) gets weights 0, as it does in FINN.
    """
    signs = value.signs
    operation, first = walk.operations[value.operation], value.steps[0]
    assert operation.weights is not None and isinstance(first, Affine)
    low, high = np.sort([value.low * signs, value.high * signs], axis=0)
    weights = operation.weights * signs[:, None, None, None]
    walk.operations[operation.name] = replace(operation, weights=weights, low=low, high=high)
    steps = (Affine(first.scale * signs, first.bias), *value.steps[1:])
    return replace(value, low=low, high=high, steps=steps, open=False)


def _one_scale(walk: Walk, quantizer: Quantizer, layer: str) -> float:
    scales = np.unique(quantizer.scale.astype(np.float64))
    if len(scales) > 1:
        walk.problems.add(
            layer, f"its activation has a scale per channel ({quantizer.scale.size} scales)",
            "use one scale per tensor (scaling_per_output_channel=False)",
        )  # fmt: skip
    if quantizer.type.bits > MOST_ACTIVATION_BITS:
        cause = f"its activation has {quantizer.type.bits} bits"
        walk.problems.add(layer, cause, f"use at most {MOST_ACTIVATION_BITS} bits")
    return float(scales[0])


def _stand_alone(walk: Walk, value: Value, quantizer: Quantizer, scale: float, layer: str) -> str:
    """A quantizer of its own: at the network's input, or after an addition, whose name it carries."""
    if np.any(value.signs < 0):
        walk.problems.add(layer, "a negative factor stands before the quantizer", "use a positive factor")
    maker = walk.operations.get(value.operation)
    name = f"{maker.name}.quantizer" if maker is not None and maker.kind == "add" else layer
    levels = thresholds(value, quantizer, scale)
    return walk.operation(name, "thresholding", value, thresholds=levels, out_type=quantizer.type)
