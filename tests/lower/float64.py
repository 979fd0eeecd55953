"""QONNX evaluated in float64, node by node with torch: the meaning of a file, worked out without this project's code.

Weights are quantized once in float32, as training saw them; everything else is float64, so that no activation falls
on the wrong side of a rounding boundary.
"""

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import Tensor
from torch.nn import functional


def evaluate(path: str, frames: np.ndarray) -> np.ndarray:
    """Scores (frames, classes), float64, of real-valued `frames` (frames, C, H, W)."""
    graph, found = onnx.load(path).graph, Tensors()
    for tensor in graph.initializer:
        found.add_constant(tensor)
    found.add_frames(graph.input[0].name, frames)
    for node in graph.node:
        found.run(node)
        if node.op_type in ("Softmax", "Sigmoid", "ArgMax") and node.output[0] == graph.output[0].name:
            return found.real(node.input[0]).reshape(len(frames), -1)  # the host's: the scores are what goes in
    return found.real(graph.output[0].name).reshape(len(frames), -1)


class Tensors:
    """All tensors of a graph that are worked out so far, by name; those of the frames have one row for each frame."""

    def __init__(self) -> None:
        self._values: dict[str, Tensor] = {}
        self._fixed: set[str] = set()  # what depends on constants alone keeps the file's own precision

    def add_constant(self, tensor: onnx.TensorProto) -> None:
        self._values[tensor.name] = torch.tensor(numpy_helper.to_array(tensor).copy())
        self._fixed.add(tensor.name)

    def add_frames(self, name: str, frames: np.ndarray) -> None:
        self._values[name] = torch.tensor(frames, dtype=torch.float64)

    def is_fixed(self, name: str) -> bool:
        """Whether it depends on constants alone."""
        return name in self._fixed

    def real(self, name: str) -> np.ndarray:
        return self._values[name].double().numpy()

    def run(self, node: onnx.NodeProto) -> None:
        """Work out the node's outputs."""
        constant = self._fixed.issuperset(filter(None, node.input))
        if constant and node.input and node.op_type not in QUANTIZERS:
            found = self._by_onnx(node)
        else:
            attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            inputs = [self._wide(name, constant) for name in node.input if name]
            known = node.op_type in OPERATORS
            found = [OPERATORS[node.op_type](inputs, attributes)] if known else self._by_onnx(node)
        self._values |= zip(node.output, found, strict=True)
        if constant:
            self._fixed.update(node.output)

    def _wide(self, name: str, constant: bool) -> Tensor:
        value = self._values[name]
        return value.double() if value.is_floating_point() and not constant else value

    def _by_onnx(self, node: onnx.NodeProto) -> list[Tensor]:
        constant = self._fixed.issuperset(filter(None, node.input))
        given = {name: self._wide(name, constant).numpy() for name in node.input if name}
        return [torch.tensor(np.array(part)) for part in ReferenceEvaluator(node, opsets={"": 13}).run(None, given)]


QUANTIZERS = ("Quant", "IntQuant", "BipolarQuant", "QuantizeLinear", "DequantizeLinear")
ROUNDINGS = {
    b"ROUND": torch.round, b"HALF_EVEN": torch.round, b"FLOOR": torch.floor, b"CEIL": torch.ceil,
    b"ROUND_TO_ZERO": torch.trunc, b"DOWN": torch.trunc,
    b"UP": lambda x: x.sign() * x.abs().ceil(),
    b"HALF_UP": lambda x: x.sign() * (x.abs() + 0.5).floor(),
    b"HALF_DOWN": lambda x: x.sign() * (x.abs() - 0.5).ceil(),
}  # fmt: skip


def _quant(inputs: list[Tensor], attributes: dict) -> Tensor:
    x, scale, zero, bits = inputs
    signed, narrow = attributes["signed"], attributes["narrow"]
    top = 2 ** (float(bits) - signed) - 1 - (narrow and not signed)
    bottom = -(2 ** (float(bits) - 1)) + narrow if signed else 0.0
    rounded = ROUNDINGS[attributes.get("rounding_mode", b"ROUND").upper()](torch.clamp(x / scale + zero, bottom, top))
    return (torch.nan_to_num(rounded) - zero).double() * scale.double()


def _trunc(inputs: list[Tensor], attributes: dict) -> Tensor:
    x, scale, zero, *rest = inputs
    y = torch.round(x / scale + zero)
    rounding = ROUNDINGS[attributes.get("rounding_mode", b"FLOOR").upper()]
    if len(rest) == 2:
        return (rounding(y / 2.0 ** (rest[0] - rest[1]).double()) - zero) * scale.double()
    _, out_scale, bits = rest
    shift = 2.0 ** torch.round(torch.log2(out_scale / scale)).double()
    signed, narrow = attributes.get("signed", 1), attributes.get("narrow", 0)
    top = 2 ** (float(bits) - signed) - 1 - (narrow and not signed)
    bottom = -(2 ** (float(bits) - 1)) + narrow if signed else 0.0
    return (rounding(torch.clamp(y / shift, bottom, top)) - zero / shift) * out_scale.double()


def _linear_quant(inputs: list[Tensor], attributes: dict) -> Tensor:
    x, scale, zero = inputs
    scale, zero = (_on_axis(part.double(), x, attributes) for part in (scale, zero))
    low, high = (-128, 127) if inputs[2].dtype == torch.int8 else (0, 255)
    return torch.clamp(torch.round(x / scale) + zero, low, high).double()


def _dequant(inputs: list[Tensor], attributes: dict) -> Tensor:
    x, scale, zero = inputs
    scale, zero = (_on_axis(part.double(), x, attributes) for part in (scale, zero))
    return (x.double() - zero) * scale


def _on_axis(part: Tensor, x: Tensor, attributes: dict) -> Tensor:
    if part.numel() == 1:
        return part.reshape(())
    axis = attributes.get("axis", 1) % x.ndim
    return part.reshape([-1 if at == axis else 1 for at in range(x.ndim)])


def _pads(attributes: dict, x: Tensor) -> tuple[int, ...]:
    """As torch's pad takes them: last axis first."""
    rank = x.ndim - 2
    pads = list(attributes.get("pads", [0] * 2 * rank))
    kernel, strides = attributes["kernel_shape"], attributes.get("strides", [1] * rank)
    if attributes.get("auto_pad", b"NOTSET").startswith(b"SAME"):
        totals = [
            max(0, (-(-side // step) - 1) * step + length - side)
            for side, length, step in zip(x.shape[2:], kernel, strides, strict=True)
        ]
        small, large = [t // 2 for t in totals], [t - t // 2 for t in totals]
        pads = [*small, *large] if attributes["auto_pad"] == b"SAME_UPPER" else [*large, *small]
    return tuple(pads[at] for axis in reversed(range(rank)) for at in (axis, axis + rank))


def _max_pool(inputs: list[Tensor], attributes: dict) -> Tensor:
    (x,) = inputs
    x = functional.pad(x, _pads(attributes, x), value=-torch.inf)
    pool = functional.max_pool2d if x.ndim == 4 else functional.max_pool1d
    strides, rounds_up = attributes.get("strides", [1] * (x.ndim - 2)), bool(attributes.get("ceil_mode", 0))
    return pool(x, tuple(attributes["kernel_shape"]), tuple(strides), ceil_mode=rounds_up)


def _average_pool(inputs: list[Tensor], attributes: dict) -> Tensor:
    """Of windows that count what is padded."""
    (x,) = inputs
    x = functional.pad(x, _pads(attributes, x))
    return functional.avg_pool2d(x, attributes["kernel_shape"], attributes.get("strides", [1, 1]))


def _pad(inputs: list[Tensor], attributes: dict) -> Tensor:
    pads = inputs[1].tolist()
    rank = len(pads) // 2
    sides = [int(pads[at]) for axis in reversed(range(rank)) for at in (axis, axis + rank)]
    return functional.pad(inputs[0], sides, value=float(inputs[2]) if len(inputs) > 2 else 0.0)


def _convolution(inputs: list[Tensor], attributes: dict) -> Tensor:
    x, *rest = (tensor.double() for tensor in inputs)
    attributes = {"kernel_shape": list(rest[0].shape[2:]), **attributes}
    convolve = functional.conv2d if x.ndim == 4 else functional.conv1d
    more = {"stride": attributes.get("strides", 1), "groups": attributes.get("group", 1)}
    more["dilation"] = attributes.get("dilations", 1)
    return convolve(functional.pad(x, _pads(attributes, x)), *rest, **more)


def _batch_norm(inputs: list[Tensor], attributes: dict) -> Tensor:
    x, gamma, beta, mean, variance = inputs
    shape = (1, -1) + (1,) * (x.ndim - 2)
    gamma, beta, mean, variance = (t.double().reshape(shape) for t in (gamma, beta, mean, variance))
    return (x - mean) / torch.sqrt(variance + attributes.get("epsilon", 1e-5)) * gamma + beta


def _multi_threshold(inputs: list[Tensor], attributes: dict) -> Tensor:
    x, steps = inputs
    reached = (x.movedim(1, -1)[..., None] >= steps.double()).sum(-1).movedim(-1, 1)
    return reached * attributes["out_scale"] + attributes["out_bias"]


def _gemm(inputs: list[Tensor], attributes: dict) -> Tensor:
    weights = inputs[1].double()
    product = inputs[0] @ (weights.T if attributes.get("transB") else weights) * attributes.get("alpha", 1.0)
    return product + inputs[2] * attributes.get("beta", 1.0) if len(inputs) > 2 else product


def _resize(inputs: list[Tensor], attributes: dict) -> Tensor:
    """By the nearest neighbour, of maps: the last input are scales, or sizes in whole numbers."""
    x, numbers = inputs[0], inputs[-1][2:].tolist()
    wanted = {"scale_factor": tuple(numbers)} if inputs[-1].is_floating_point() else {"size": tuple(numbers)}
    return functional.interpolate(x, **wanted, mode="nearest")


def _reshape(inputs: list[Tensor], attributes: dict) -> Tensor:
    """Of each frame by itself, whatever batch the file has."""
    x, (_, *wanted) = inputs[0], inputs[1].tolist()
    return x.reshape(len(x), *(x.shape[at] if side == 0 else side for at, side in enumerate(wanted, 1)))


OPERATORS = {
    "Quant": _quant,
    "BipolarQuant": lambda i, a: torch.where(i[0] >= 0, 1.0, -1.0).double() * i[1].double(),
    "Constant": lambda i, a: torch.tensor(numpy_helper.to_array(a["value"]).copy()),
    "Conv": _convolution,
    "BatchNormalization": _batch_norm,
    "MultiThreshold": _multi_threshold,
    "IntQuant": _quant,
    "Trunc": _trunc,
    "QuantizeLinear": _linear_quant,
    "DequantizeLinear": _dequant,
    "Relu": lambda i, a: torch.relu(i[0]),
    "Clip": lambda i, a: torch.clamp(i[0], *(float(limit) for limit in i[1:])),
    "LeakyRelu": lambda i, a: functional.leaky_relu(i[0], a.get("alpha", 0.01)),
    "Elu": lambda i, a: functional.elu(i[0]),
    "Sigmoid": lambda i, a: torch.sigmoid(i[0]),
    "Tanh": lambda i, a: torch.tanh(i[0]),
    "Softmax": lambda i, a: torch.softmax(i[0], a.get("axis", -1)),
    "Identity": lambda i, a: i[0],
    "Dropout": lambda i, a: i[0],
    "Pad": _pad,
    "AveragePool": _average_pool,
    "Neg": lambda i, a: -i[0],
    "Unsqueeze": lambda i, a: i[0].reshape([*i[0].shape, 1]),
    "Squeeze": lambda i, a: i[0].flatten(1),
    "MaxPool": _max_pool,
    "Flatten": lambda i, a: i[0].flatten(1),
    "Resize": _resize,
    "Reshape": _reshape,
    "Transpose": lambda i, a: i[0].permute(*a["perm"]),
    "MatMul": lambda i, a: i[0] @ i[1].double(),
    "Gemm": _gemm,
    "Concat": lambda i, a: torch.cat(i, a["axis"]),
    "Add": lambda i, a: i[0] + i[1],
    "Sub": lambda i, a: i[0] - i[1],
    "Mul": lambda i, a: i[0] * i[1],
    "Div": lambda i, a: i[0] / i[1],
    "ReduceMean": lambda i, a: i[0].mean(a["axes"], keepdim=bool(a["keepdims"])),
    "GlobalAveragePool": lambda i, a: i[0].mean((2, 3), keepdim=True),
    "ReduceMax": lambda i, a: i[0].amax(a["axes"], keepdim=bool(a["keepdims"])),
    "GlobalMaxPool": lambda i, a: i[0].amax((2, 3), keepdim=True),
}
