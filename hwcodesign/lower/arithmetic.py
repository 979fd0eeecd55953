"""Arithmetic in real numbers that leaves no hardware behind: it moves into the next quantizer's thresholds."""

from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np
from onnx import helper

from hwcodesign.lower.file_network import Node
from hwcodesign.lower.values import RELU, Affine, Constant, Function, Value, snapped
from hwcodesign.lower.walk import Tensor, Walk

Numbers = np.ndarray


RISING = "use a function that never falls (ReLU, ReLU6, LeakyReLU, Hardtanh, Sigmoid, Tanh) before a quantizer"


def per_channel(value: Value, constant: Numbers) -> Numbers | None:
    """A constant as one number for each channel of the tensor's feature map, (C,) float64; None if it varies inside
    one.

    So scales and biases may be of any shape that ONNX allows: (), (C,), (1, C), (C, 1, 1), (1, 1, 1, C), ...
    """
    try:
        full = np.broadcast_to(constant.astype(np.float64), value.place.shape)
    except ValueError:
        return None
    if constant.size == 1:
        return np.full(value.shape[0], float(constant.ravel()[0]))
    channels, height, width = value.shape
    found = np.ones(channels)  # also for those of which the tensor has no part
    inside = value.place >= 0  # of what was padded, the feature map says nothing
    of_channel = value.place[inside] // (height * width)
    found[of_channel] = full[inside]
    return found if np.array_equal(found[of_channel], full[inside]) else None


def scale_or_shift(walk: Walk, node: Node, *inputs: Tensor | None) -> Value | None:
    """Add, Sub, Mul or Div of a feature map and a constant: one number, or one per channel."""
    first, second = inputs
    value, constant = (first, second) if isinstance(first, Value) else (second, first)
    if not isinstance(value, Value) or not isinstance(constant, Constant):
        if isinstance(first, Value) and isinstance(second, Value) and first.operation == second.operation:
            cause = "it is a feature map times a function of itself, which falls somewhere: thresholds cannot say that"
            walk.note(node, cause, RISING)
            return None
        cause = f"it {_VERBS[node.operator]} two computed feature maps, which has no supported hardware layer"
        walk.note(node, cause, "use a sum (bypass), or a constant in place of one of them")
        return None
    numbers = per_channel(value, constant.exact)
    if numbers is None:
        cause = f"its constant has the shape {constant.real.shape} for a tensor of {value.place.shape}"
        walk.note(node, cause, "use one number, or one per channel", value)
        return None
    if node.operator == "Div" and value is first and np.any(numbers == 0):
        walk.note(node, "it divides by zero", "use a divisor other than 0")
        return None
    line = _line(node.operator, value is not first, numbers)
    if line is None:
        walk.note(node, "it divides a number by the feature map", "multiply the feature map by a constant instead")
        return None
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
        walk.note(node, "its statistics are computed at run time", "export in eval mode")
        return None
    axis = value.place.ndim - 1 if node.channels_last else 1
    shape = [-1 if at == axis else 1 for at in range(value.place.ndim)]
    found = [per_channel(value, p.exact.reshape(shape)) for p in parameters[:4] if isinstance(p, Constant)]
    numbers = [number for number in found if number is not None]
    if len(numbers) < 4:
        features = np.asarray(getattr(parameters[0], "real", [])).size
        cause = f"it normalizes {features} features of a feature map of {value.shape[0]} channels"
        walk.note(node, cause, "normalize before flattening (BatchNorm2d)", value)
        return None
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
    given = [parameter for parameter in parameters if isinstance(parameter, Constant)]
    if len(given) < sum(parameter is not None for parameter in parameters):
        cause = f"{node.operator} of two computed feature maps has no supported hardware layer"
        walk.note(node, cause, "use a constant for one of them")
        return None
    constants = [per_channel(value, p.exact) if isinstance(p, Constant) else None for p in parameters]
    if sum(number is not None for number in constants) < len(given):
        walk.note(node, "its constant differs from pixel to pixel", "use one number, or one per channel")
        return None
    if node.operator == "Relu":
        return value.followed_by(RELU)
    made = _function(node, constants)
    if made is None:
        walk.note(node, f"{node.operator} with these parameters falls somewhere", "use a slope of 0 or more")
        return None
    zeros = np.zeros((value.shape[0], 1))
    if value.padded and np.any(made(zeros)):
        cause = f"its input was padded with zeros before it, of which it makes {float(made(zeros).max()):g}"
        walk.note(node, cause, "give the padding to the convolution (padding=...)", value)
        return None
    return value.followed_by(Function(node.operator, made))


def _function(node: Node, constants: Sequence[Numbers | None]) -> Callable[[Numbers], Numbers] | None:
    """The function; None if with these parameters it falls somewhere."""
    if node.operator in _PLAIN:
        return _PLAIN[node.operator]
    given = node.attributes
    alpha = float(given.get("alpha", _ALPHAS.get(node.operator, 1.0)))
    first, second = ([None if c is None else c[:, None] for c in constants] + [None, None])[:2]
    low, high = (
        given.get("min", -np.inf) if first is None else first,
        given.get("max", np.inf) if second is None else second,
    )
    slope = first if first is not None else np.zeros(1)
    bounds = [c[:, None] for c in constants if c is not None]
    beta, gain = float(given.get("beta", 0.5)), float(given.get("gamma", 1.0507009873554805))
    rises = {"PRelu": bool(np.all(slope >= 0)), "Celu": alpha > 0, "Selu": alpha >= 0 and gain > 0}
    made: dict[str, Callable[[Numbers], Numbers]] = {
        "Clip": lambda x: np.minimum(np.maximum(x, low), high),
        "Max": lambda x: reduce(np.maximum, bounds, x),
        "Min": lambda x: reduce(np.minimum, bounds, x),
        "LeakyRelu": lambda x: np.where(x < 0, alpha * x, x),
        "PRelu": lambda x: np.where(x < 0, slope * x, x),
        "ThresholdedRelu": lambda x: np.where(x > alpha, x, 0.0),
        "Elu": _elu(alpha),
        "Celu": _elu(alpha, slope=alpha or 1.0),
        "Selu": _elu(alpha, gain),
        "HardSigmoid": lambda x: np.clip(alpha * x + beta, 0.0, 1.0),
    }
    return made[node.operator] if rises.get(node.operator, alpha >= 0) else None


def cast(walk: Walk, node: Node, value: Value) -> Value | None:
    """Cast: nothing where every number stays what it is; into integers, a function that never falls."""
    wanted = helper.tensor_dtype_to_np_dtype(int(node.attributes["to"]))
    if wanted in (np.float32, np.float64):
        return value
    integers = None if value.open or value.terms else value.integers()
    if integers is not None:
        real = value.real(integers)
        with np.errstate(invalid="ignore", over="ignore"):
            if np.array_equal(real.astype(wanted).astype(np.float64), real):
                return value
    if wanted.kind in "iu" and not value.terms:
        ends = value.real(np.stack([value.low, value.high], axis=1))
        if np.iinfo(wanted).min <= ends.min() and ends.max() <= np.iinfo(wanted).max:
            return value.followed_by(Function("Cast", lambda x: np.trunc(snapped(x))))
    walk.note(
        node, f"it casts to {wanted}, which does not hold all its numbers", "cast to float, or leave it out", value
    )
    return None


_ALPHAS = {"LeakyRelu": 0.01, "HardSigmoid": 0.2, "Selu": 1.6732632423543772}
_PLAIN: dict[str, Callable[[Numbers], Numbers]] = {
    "Sigmoid": _logistic,
    "Tanh": np.tanh,
    "Softplus": lambda x: np.logaddexp(x, 0.0),
    "Softsign": lambda x: x / (1 + np.abs(x)),
    "Exp": lambda x: np.exp(np.minimum(x, 700.0)),
    "Floor": lambda x: np.floor(snapped(x)),
    "Ceil": lambda x: np.ceil(snapped(x)),
    "Round": lambda x: np.round(snapped(x)),
    "Sign": lambda x: np.sign(snapped(x)),
}
FUNCTIONS = (
    "Relu", "Clip", "Max", "Min", "LeakyRelu", "PRelu", "ThresholdedRelu", "Elu", "Celu", "Selu",
    "HardSigmoid", *_PLAIN,
)  # fmt: skip
