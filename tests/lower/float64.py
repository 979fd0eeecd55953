"""QONNX evaluated in float64, node by node with torch: the meaning of a file, worked out without this project's code.

Weights are quantized once in float32, as training saw them; everything else is float64, so that no activation falls
on the wrong side of a rounding boundary.
"""

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor
from torch.nn import functional


def evaluate(path: str, frames: np.ndarray) -> np.ndarray:
    """Scores (frames, classes), float64, of real-valued `frames` (frames, C, H, W)."""
    graph = onnx.load(path).graph
    values = {t.name: torch.tensor(numpy_helper.to_array(t).copy()) for t in graph.initializer}
    fixed = set(values)
    values[graph.input[0].name] = torch.tensor(frames, dtype=torch.float64)
    for node in graph.node:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        inputs = [values[name] for name in node.input if name]
        constant = all(name in fixed for name in node.input)
        if not constant:
            inputs = [x.double() if x.is_floating_point() else x for x in inputs]
        values[node.output[0]] = OPERATORS[node.op_type](inputs, attributes)
        fixed |= {node.output[0]} if constant else set()
    return values[graph.output[0].name].reshape(len(frames), -1).numpy()


def _quant(inputs: list[Tensor], attributes: dict) -> Tensor:
    x, scale, zero, bits = inputs
    signed, narrow = attributes["signed"], attributes["narrow"]
    top = 2 ** (float(bits) - signed) - 1 - (narrow and not signed)
    bottom = -(2 ** (float(bits) - 1)) + narrow if signed else 0.0
    return (torch.round(torch.clamp(x / scale + zero, bottom, top)) - zero).double() * scale.double()


def _convolution(inputs: list[Tensor], attributes: dict) -> Tensor:
    top, left, bottom, right = attributes["pads"]
    padded = functional.pad(inputs[0], (left, right, top, bottom))
    return functional.conv2d(padded, *(x.double() for x in inputs[1:]), stride=attributes["strides"])


def _batch_norm(inputs: list[Tensor], attributes: dict) -> Tensor:
    x, gamma, beta, mean, variance = inputs
    shape = (1, -1) + (1,) * (x.ndim - 2)
    gamma, beta, mean, variance = (t.double().reshape(shape) for t in (gamma, beta, mean, variance))
    return (x - mean) / torch.sqrt(variance + attributes["epsilon"]) * gamma + beta


def _gemm(inputs: list[Tensor], attributes: dict) -> Tensor:
    weights = inputs[1].double()
    product = inputs[0] @ (weights.T if attributes.get("transB") else weights)
    return product + inputs[2] if len(inputs) > 2 else product


OPERATORS = {
    "Quant": _quant,
    "BipolarQuant": lambda i, a: torch.where(i[0] >= 0, 1.0, -1.0).double() * i[1].double(),
    "Constant": lambda i, a: torch.tensor(numpy_helper.to_array(a["value"]).copy()),
    "Conv": _convolution,
    "BatchNormalization": _batch_norm,
    "Relu": lambda i, a: torch.relu(i[0]),
    "MaxPool": lambda i, a: functional.max_pool2d(i[0], a["kernel_shape"], a["strides"]),
    "Flatten": lambda i, a: i[0].flatten(1),
    "Reshape": lambda i, a: i[0].flatten(1),
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
}
