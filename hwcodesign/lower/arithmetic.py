"""Arithmetic in real numbers that leaves no hardware behind: it moves into the next quantizer's thresholds."""

import numpy as np
from onnx import NodeProto

from hwcodesign.lower.traversal import Walk, attributes
from hwcodesign.lower.values import Affine, Relu, Value


def batch_norm(walk: Walk, node: NodeProto, layer: str, value: Value) -> Value | None:
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta, with the statistics of training."""
    gamma, beta, mean, variance = (np.asarray(walk.constant(name), dtype=np.float64) for name in node.input[1:5])
    if len(gamma) != value.shape[0]:
        cause = f"it normalizes {len(gamma)} features of a map of {value.shape[0]} channels"
        walk.problems.add(layer, cause, "normalize before flattening (BatchNorm2d)")
        return None
    factor = gamma / np.sqrt(variance + attributes(node).get("epsilon", 1e-5))
    return value.followed_by(Affine(factor, beta - mean * factor))


def relu(walk: Walk, node: NodeProto, layer: str, value: Value) -> Value:
    """max(x, 0)."""
    del walk, node, layer
    return value.followed_by(Relu())


def identity(walk: Walk, node: NodeProto, layer: str, value: Value) -> Value:
    """An operator that does nothing outside of training."""
    del walk, node, layer
    return value


def scale_or_shift(walk: Walk, node: NodeProto, layer: str, *values: Value) -> Value | None:
    """Add, Sub, Mul or Div of a map and a constant: one number, or one per channel."""
    if len(values) != 1:
        walk.problems.add(layer, f"{node.op_type} of two computed maps has no hardware kind", "use a sum (bypass)")
        return None
    value = values[0]
    constants = [walk.constant(name) for name in node.input]
    constant = np.asarray(next(number for number in constants if number is not None))
    channels = value.shape[0]
    if constant.size != 1 and (constant.size != channels or constant.shape[-2:] != (1, 1)):
        walk.problems.add(layer, f"its constant has the shape {constant.shape}", "use one number, or one per channel")
        return None
    line = _line(node.op_type, constants[0] is not None, np.broadcast_to(constant.astype(np.float64).ravel(), channels))
    if line is None:
        cause = f"it has a computed map on the right of {node.op_type}"
        walk.problems.add(layer, cause, "put the map on the left: multiply it by a constant, then add one")
        return None
    return value.followed_by(line)


def _line(operator: str, constant_first: bool, number: np.ndarray) -> Affine | None:
    ones, zeros = np.ones(len(number)), np.zeros(len(number))
    match operator, constant_first:
        case "Add", _:
            return Affine(ones, number)
        case "Sub", False:
            return Affine(ones, -number)
        case "Mul", _:
            return Affine(number, zeros)
        case "Div", False:
            return Affine(1 / number, zeros)
        case _:
            return None
