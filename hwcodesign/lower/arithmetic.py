"""Arithmetic in real numbers that leaves no hardware behind: it moves into the next quantizer's thresholds."""

from collections.abc import Callable, Sequence

import numpy as np

from hwcodesign.lower.network import Node
from hwcodesign.lower.values import RELU, Affine, Constant, Function, Value
from hwcodesign.lower.walk import Tensor, Walk

Numbers = np.ndarray


def per_channel(value: Value, constant: Numbers) -> Numbers | None:
    """A constant that broadcasts to the tensor as one number for each channel of its map, (C,) float64; None if it varies.

    So scales and biases may be of any shape that ONNX allows: (), (C,), (1, C), (C, 1, 1), (1, 1, 1, C), ...
    """
    try:
        full = np.broadcast_to(constant.astype(np.float64), value.place.shape)
    except ValueError:
        return None
    if constant.size == 1:
        return np.full(value.shape[0], float(constant.ravel()[0]))
    channels, height, width = value.shape
    found = np.empty(channels)
    of_channel = value.place.ravel() // (height * width)
    found[of_channel] = full.ravel()
    return found if np.array_equal(found[of_channel], full.ravel()) else None


def scale_or_shift(walk: Walk, node: Node, *inputs: Tensor | None) -> Value | None:
    """Add, Sub, Mul or Div of a map and a constant: one number, or one per channel."""
    first, second = inputs
    value, constant = (first, second) if isinstance(first, Value) else (second, first)
    if not isinstance(value, Value) or not isinstance(constant, Constant):
        cause = f"it {_VERBS[node.operator]} two computed maps, which has no hardware kind"
        return walk.note(node, cause, "use a sum (bypass), or a constant in place of one of them")
    numbers = per_channel(value, constant.exact)
    if numbers is None:
        cause = f"its constant has the shape {constant.real.shape} for a tensor of {value.place.shape}"
        return walk.note(node, cause, "use one number, or one per channel")
    if node.operator == "Div" and value is first and np.any(numbers == 0):
        return walk.note(node, "it divides by zero", "use a divisor other than 0")
    line = _line(node.operator, value is not first, numbers)
    if line is None:
        return walk.note(node, "it divides a number by the map", "multiply the map by a constant instead")
    return value.followed_by(line)


_VERBS = {"Add": "adds", "Sub": "subtracts", "Mul": "multiplies", "Div": "divides"}


def _line(operator: str, constant_first: bool, number: Numbers) -> Affine | None:
    ones, zeros = np.ones(len(number)), np.zeros(len(number))
    match operator, constant_first:
        case "Add", _:
            return Affine(ones, number)
        case "Sub", False:
            return Affine(ones, -number)
        case "Sub", True:
            return Affine(-ones, number)
        case "Mul", _:
            return Affine(number, zeros)
        case "Div", False:
            return Affine(1 / number, zeros)
        case _:
            return None


def negative(walk: Walk, node: Node, value: Value) -> Value:
    """-x."""
    del walk, node
    return value.followed_by(Affine(-np.ones(value.shape[0]), np.zeros(value.shape[0])))


def batch_norm(walk: Walk, node: Node, value: Value, *parameters: Tensor | None) -> Value | None:
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta, with the statistics of training."""
    if not all(isinstance(tensor, Constant) for tensor in parameters[:4]) or node.attributes.get("training_mode", 0):
        return walk.note(node, "its statistics are computed at run time", "export in eval mode")
    axis = value.place.ndim - 1 if node.channels_last else 1
    shape = [-1 if at == axis else 1 for at in range(value.place.ndim)]
    found = [per_channel(value, p.exact.reshape(shape)) for p in parameters[:4] if isinstance(p, Constant)]
    numbers = [number for number in found if number is not None]
    if len(numbers) < 4:
        features = np.asarray(getattr(parameters[0], "real", [])).size
        cause = f"it normalizes {features} features of a map of {value.shape[0]} channels"
        return walk.note(node, cause, "normalize before flattening (BatchNorm2d)")
    gamma, beta, mean, variance = numbers
    factor = gamma / np.sqrt(variance + node.attributes.get("epsilon", 1e-5))
    return value.followed_by(Affine(factor, beta - mean * factor))


def _elu(alpha: float, gain: float = 1.0, slope: float = 1.0) -> Callable[[Numbers], Numbers]:
    return lambda x: gain * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / slope))


def _logistic(x: Numbers) -> Numbers:
    result: Numbers = np.tanh(x / 2) / 2 + 0.5  # without the overflow of exp(-x)
    return result


def function(walk: Walk, node: Node, value: Value, *parameters: Tensor | None) -> Value | None:
    """A function of each number that never falls: with a quantizer behind it, it is thresholds like any other."""
    if not all(parameter is None or isinstance(parameter, Constant) for parameter in parameters):
        return walk.note(
            node, f"{node.operator} of two computed maps has no hardware kind", "use a constant for one of them"
        )
    constants = [None if p is None else per_channel(value, p.exact) for p in parameters if not isinstance(p, Value)]  # type: ignore[union-attr]
    if any(number is None for number, p in zip(constants, parameters, strict=True) if p is not None):
        return walk.note(node, "its constant differs from pixel to pixel", "use one number, or one per channel")
    if node.operator == "Relu":
        return value.followed_by(RELU)
    made = _function(node, constants)
    if made is None:
        return walk.note(node, f"{node.operator} with these parameters falls somewhere", "use a slope of 0 or more")
    return value.followed_by(Function(node.operator, made))


def _function(node: Node, constants: Sequence[Numbers | None]) -> Callable[[Numbers], Numbers] | None:
    """The function; None if with these parameters it falls somewhere."""
    given = node.attributes
    alpha = float(given.get("alpha", {"LeakyRelu": 0.01, "HardSigmoid": 0.2}.get(node.operator, 1.0)))
    first = constants[0][:, None] if constants and constants[0] is not None else None
    second = constants[1][:, None] if len(constants) > 1 and constants[1] is not None else None
    match node.operator:
        case "Clip":
            low = given.get("min", -np.inf) if first is None else first
            high = given.get("max", np.inf) if second is None else second
            return lambda x: np.minimum(np.maximum(x, low), high)
        case "Max" | "Min" if first is not None:
            bound = np.maximum if node.operator == "Max" else np.minimum
            return lambda x: bound(x, first)
        case "LeakyRelu" if alpha >= 0:
            return lambda x: np.where(x < 0, alpha * x, x)
        case "PRelu" if first is not None and np.all(first >= 0):
            return lambda x: np.where(x < 0, first * x, x)
        case "ThresholdedRelu" if alpha >= 0:
            return lambda x: np.where(x > alpha, x, 0.0)
        case "Elu" if alpha >= 0:
            return _elu(alpha)
        case "Celu" if alpha > 0:
            return _elu(alpha, slope=alpha)
        case "Selu":
            gain = float(given.get("gamma", 1.0507009873554805))
            return _elu(float(given.get("alpha", 1.6732632423543772)), gain) if gain > 0 else None
        case "HardSigmoid" if alpha >= 0:
            beta = float(given.get("beta", 0.5))
            return lambda x: np.clip(alpha * x + beta, 0.0, 1.0)
        case _:
            return _PLAIN.get(node.operator)


_PLAIN: dict[str, Callable[[Numbers], Numbers]] = {
    "Sigmoid": _logistic,
    "Tanh": np.tanh,
    "Softplus": lambda x: np.logaddexp(x, 0.0),
    "Softsign": lambda x: x / (1 + np.abs(x)),
    "Exp": lambda x: np.exp(np.minimum(x, 700.0)),
    "Floor": np.floor,
    "Ceil": np.ceil,
    "Round": np.round,
    "Sign": np.sign,
}
FUNCTIONS = (
    "Relu", "Clip", "Max", "Min", "LeakyRelu", "PRelu", "ThresholdedRelu", "Elu", "Celu", "Selu", "HardSigmoid", *_PLAIN,
)  # fmt: skip
