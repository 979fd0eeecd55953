"""Layers of a float network with numbers of their own: convolutions, matrices, batch norms, factors; and padding."""

from dataclasses import replace

import numpy as np

from hwcodesign.export.float_weights import Weights
from hwcodesign.lower.file_network import Node as FileNode
from hwcodesign.lower.values import Constant
from hwcodesign.nets.network import INPUT, Conv, windows_on
from hwcodesign.quantize.float_joins import added
from hwcodesign.quantize.float_reader import Reader
from hwcodesign.quantize.float_tensors import Map, Pixels, Tensor
from hwcodesign.quantize.float_windows import PADDED, centred, dilation_of


def convolution(reader: Reader, node: FileNode, inputs: list[Tensor]) -> Tensor:
    """Conv."""
    value, weight = inputs[:2]
    if not isinstance(weight, Constant) or isinstance(value, Constant):
        reader.note(node, "its weights are computed at run time", "use constant weights")
        return None
    kernel = weight.real
    window = reader.window(node, kernel.shape[2:], value)
    if window is None:
        return None
    _, strides, border = window
    groups = int(node.attributes.get("group", 1))
    source, shape = reader.source(value)
    if source is None or len(shape) != 4 or shape[1] != kernel.shape[1] * groups:
        reader.note(node, f"its weights are for {kernel.shape[1] * groups} channels, its input is {shape}",
                   "convolve feature maps of (1, channels, height, width)")  # fmt: skip
        return None
    kernel, padding, dilation = centred(kernel, border, dilation_of(node))
    sides = kernel.shape[2], kernel.shape[3]
    conv = Conv(reader.name(node), source, len(kernel), sides, strides, padding, groups, relu=False,
                dilation=dilation)  # fmt: skip
    reader.weights[conv.name] = _weights(kernel, inputs[2] if len(inputs) > 2 else None)
    return reader.gives(node, conv, (1, len(kernel), *windows_on(conv, (shape[2], shape[3], shape[1]))))


def linear(reader: Reader, node: FileNode, inputs: list[Tensor]) -> Tensor:
    """Gemm and MatMul: a convolution that sees the whole map."""
    value, matrix = inputs[:2]
    if not isinstance(matrix, Constant) or matrix.real.ndim != 2 or node.attributes.get("transA", 0):
        reader.note(node, "its weights are computed at run time, or stand on the left", "use nn.Linear")
        return None
    rows = matrix.real if node.attributes.get("transB", 0) else matrix.real.T
    source, shape = reader.source(value)
    channels, height, width = reader.map_shape(source or INPUT)
    if isinstance(value, Map) and value.places is not None and shape == (1, rows.shape[1]):
        rows = _in_order(rows, value.places.ravel(), channels * height * width)
        shape = (1, rows.shape[1])
    if source is None or shape != (1, rows.shape[1]) or rows.shape[1] != channels * height * width:
        reader.note(node, f"its weights are for {rows.shape[1]} features, its input is {channels} maps of "
                   f"{height}x{width}", "flatten the whole map in front of it")  # fmt: skip
        return None
    kernel = float(node.attributes.get("alpha", 1.0)) * rows.reshape(len(rows), channels, height, width)
    bias = inputs[2] if len(inputs) > 2 else None
    if isinstance(bias, Constant):
        bias = Constant(float(node.attributes.get("beta", 1.0)) * bias.real)
    conv = Conv(reader.name(node), source, len(rows), (height, width), relu=False)
    reader.weights[conv.name] = _weights(kernel, bias)
    return reader.gives(node, conv, (1, len(rows)))


def batch_norm(reader: Reader, node: FileNode, inputs: list[Tensor]) -> Tensor:
    """BatchNormalization: a factor and a shift for each channel."""
    parts = [tensor.real.astype(np.float64) for tensor in inputs[1:5] if isinstance(tensor, Constant)]
    factor = parts[0] / np.sqrt(parts[3] + float(node.attributes.get("epsilon", 1e-5)))
    return _scaled(reader, node, inputs[0], factor, parts[1] - parts[2] * factor)


def arithmetic(reader: Reader, node: FileNode, inputs: list[Tensor]) -> Tensor:
    """Add, Sub, Mul, Div: of a feature map and a constant, or the sum of two feature maps."""
    value, other = inputs
    if isinstance(value, Map) and isinstance(other, Map):
        return added(reader, node, value, other)
    turned = isinstance(value, Constant)
    constant, value = (value, other) if turned else (other, value)
    numbers = _by_channel(value, constant)
    if numbers is None or (turned and node.operator == "Div"):
        reader.note(node, "it combines its input with other numbers than one for each channel",
                   "use one number, or one for each channel")  # fmt: skip
        return None
    one, none = np.ones_like(numbers), np.zeros_like(numbers)
    factor, shift = {
        "Add": (one, numbers),
        "Sub": (-one, numbers) if turned else (one, -numbers),
        "Mul": (numbers, none),
        "Div": (1 / np.where(numbers == 0, 1, numbers), none),
    }[node.operator]
    return _scaled(reader, node, value, factor, shift)


def _by_channel(value: Tensor, constant: Tensor) -> np.ndarray | None:
    if not isinstance(constant, Constant) or not isinstance(value, Pixels | Map):
        return None
    shape, numbers = value.shape, np.asarray(constant.real, np.float64)
    if numbers.size == 1 and isinstance(value, Pixels):
        return np.broadcast_to(numbers.reshape(-1), value.scale.shape)
    if numbers.ndim > len(shape) or numbers.size not in (1, shape[1]):
        return None
    wide = np.broadcast_to(numbers, np.broadcast_shapes(numbers.shape, (1, shape[1], *[1] * (len(shape) - 2))))
    return wide.reshape(-1) if wide.shape[:2] == (1, shape[1]) and wide.size == shape[1] else None


def _scaled(reader: Reader, node: FileNode, value: Tensor, factor: np.ndarray, shift: np.ndarray) -> Tensor:
    """The value times `factor` plus `shift`, both (channels,): of pixels, or folded into a convolution.

    Where there is none to fold it into it becomes one, of one weight for each channel.
    """
    if isinstance(value, Pixels):
        if factor.shape != value.scale.shape:
            reader.note(node, "it scales every pixel by a number of its own", "give one number for each channel")
            return None
        if np.any(factor <= 0):
            reader.note(node, "it turns the pixels round, or drops a channel", "multiply by positive numbers")
            return None
        return Pixels(value.scale * factor, value.shift * factor + shift, value.shape)
    assert isinstance(value, Map)
    conv = reader.nodes[value.name]
    if not isinstance(conv, Conv) or conv.relu or not value.alone:
        return _by_itself(reader, node, value, factor, shift)
    weight, bias = (part.astype(np.float64) for part in reader.weights[conv.name])
    made = weight * factor[:, None, None, None], bias * factor + shift
    reader.weights[conv.name] = Weights(made[0].astype(np.float32), made[1].astype(np.float32))
    return replace(value, alone=reader.read_once(node))


def _by_itself(reader: Reader, node: FileNode, value: Map, factor: np.ndarray, shift: np.ndarray) -> Tensor:
    channels = reader.map_shape(value.name)[0]
    numbers = [np.full(channels, part[0]) if np.ptp(part) == 0 else part for part in (factor, shift)]
    if any(len(part) != channels for part in numbers):
        reader.note(node, "it scales every pixel by a number of its own", "give one number for each channel")
        return None
    made = Conv(reader.name(node), value.name, channels, groups=channels, relu=False)
    reader.weights[made.name] = _weights(numbers[0].reshape(channels, 1, 1, 1), Constant(numbers[1]))
    return reader.gives(node, made, value.shape)


def pad(reader: Reader, node: FileNode, inputs: list[Tensor]) -> Tensor:
    """Pad: what it puts there, the layer behind it takes for its own."""
    value = inputs[0]
    given = inputs[1].real.tolist() if len(inputs) > 1 and isinstance(inputs[1], Constant) else None
    pads = list(node.attributes.get("pads", [])) if given is None else given
    filled = inputs[2].real if len(inputs) > 2 and isinstance(inputs[2], Constant) else node.attributes.get("value", 0)
    zero, mode = not np.any(filled), node.attributes.get("mode", "constant")
    plain = zero and mode == "constant" and len(pads) == 8 and not any(pads[:2] + pads[4:6]) and min(pads) >= 0
    if not isinstance(value, Map | Pixels) or len(value.shape) != 4 or not plain:
        reader.note(node, "it pads otherwise than with zeros around a feature map", PADDED)
        return None
    top, left, bottom, right = (int(n) + there for n, there in zip(pads[2:4] + pads[6:8], value.pad, strict=True))
    return replace(value, pad=(top, left, bottom, right))


def _in_order(rows: np.ndarray, places: np.ndarray, size: int) -> np.ndarray:
    """The matrix `rows`, which reads the elements `places` of a map of `size`, as one that reads all in their order."""
    found = np.zeros((size, len(rows)), rows.dtype)
    np.add.at(found, places, rows.T)
    return found.T


def _weights(kernel: np.ndarray, bias: Tensor) -> Weights:
    numbers = bias.real.reshape(-1) if isinstance(bias, Constant) else np.zeros(len(kernel))
    return Weights(np.asarray(kernel, np.float32), np.broadcast_to(numbers, len(kernel)).astype(np.float32))
