"""The costs of an ONNX or QONNX file, by the rules of `costs`: what it does not count, it names."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hwcodesign.analyze.costs import FLOAT_BITS, Costs, LayerCost
from hwcodesign.analyze.onnx_bits import tensor_bits
from hwcodesign.analyze.onnx_graph import OnnxGraph, layer_name
from hwcodesign.core.errors import UserError

# No arithmetic, or (activation functions, scaling, quantizers) none that equation 4.3 counts.
_QUANTIZERS = (
    "Quant",
    "BipolarQuant",
    "IntQuant",
    "FloatQuant",
    "Trunc",
    "MultiThreshold",
    "QuantizeLinear",
    "DequantizeLinear",
)
_ACTIVATIONS = (
    "Relu",
    "Clip",
    "LeakyRelu",
    "PRelu",
    "Sigmoid",
    "HardSigmoid",
    "HardSwish",
    "Tanh",
    "Softmax",
    "LogSoftmax",
    "Erf",
)
_SCALINGS = ("BatchNormalization", "Mul", "Div", "Sub", "Pow", "Sqrt", "Exp", "Floor", "Round")
_MOVES = (
    "Identity",
    "Flatten",
    "Reshape",
    "Transpose",
    "Squeeze",
    "Unsqueeze",
    "Dropout",
    "Pad",
    "Slice",
    "Split",
    "Shape",
    "Gather",
    "Constant",
    "ConstantOfShape",
    "Cast",
    "ArgMax",
    "TopK",
    "Expand",
    "Resize",
    "Upsample",
)
_FREE = frozenset((*_QUANTIZERS, *_ACTIVATIONS, *_SCALINGS, *_MOVES))
_WINDOWED = {"Conv": "conv", "MaxPool": "max pool", "AveragePool": "avg pool"}


@dataclass(frozen=True)
class OnnxCosts:
    """The costs, and the types of nodes that were met and not counted."""

    costs: Costs
    uncounted: tuple[str, ...]


def onnx_costs(graph: OnnxGraph) -> OnnxCosts:
    """Costs per image of every layer that `costs` would count. Raises UserError if a shape cannot be inferred."""
    layers: list[LayerCost] = []
    uncounted, bits = set(), tensor_bits(graph)
    for number, node in enumerate(graph.graph.node):
        if set(node.output) <= graph.constants:
            continue
        layer = _layer(graph, node, layer_name(graph, node, number), bits)
        if layer is not None:
            layers.append(layer)
        elif node.op_type not in _FREE and not _shifts(graph, node):
            uncounted.add(node.op_type)
    costs = Costs(graph.path.name, graph.image_shape(graph.image), _uniquely_named(layers))
    return OnnxCosts(costs, tuple(sorted(uncounted)))


def _layer(graph: OnnxGraph, node: Any, name: str, bits: Mapping[str, int]) -> LayerCost | None:
    """The cost of one node; None if it is no layer."""
    values = [tensor for tensor in node.input if tensor and tensor not in graph.constants]
    out = graph.image_shape(node.output[0]) if node.op_type not in _FREE else ()
    outputs, weights = math.prod(out), _weights(graph, node)
    match node.op_type:
        case "Conv":
            kind, operations = "conv", 2 * weights * math.prod(out[:-1])
        case "ConvTranspose":
            kind, operations = "transposed conv", 2 * weights * math.prod(graph.image_shape(values[0])[:-1])
        case "Gemm" | "MatMul":
            kind, operations = "fully connected", 2 * outputs * graph.shape(node.input[0])[-1]
        case "MaxPool" | "AveragePool":
            kind, operations = _WINDOWED[node.op_type], outputs * math.prod(_needed(graph, node, "kernel_shape"))
        case "GlobalAveragePool" | "GlobalMaxPool" | "ReduceMean":
            kind, operations = "global pool", math.prod(graph.image_shape(values[0]))
        case "LRN":
            kind, operations = "norm", _needed(graph, node, "size") * outputs
        case "Add" if len(values) == 2:
            kind, operations = "add", outputs
        case "Concat":
            kind, operations, outputs = "concat", 0, 0
        case _:
            return None
    shapes = tuple(graph.image_shape(tensor) for tensor in values)
    parameters = weights + _biases(graph, node) if weights else 0
    return LayerCost(name, kind, shapes, out, _window(node), parameters, operations, outputs,
                     parameter_bits=bits[node.input[1]] if weights else FLOAT_BITS,
                     activation_bits=bits[node.output[0]], input_bits=bits[values[0]])  # fmt: skip


def _weights(graph: OnnxGraph, node: Any) -> int:
    """The number of a convolution's or fully connected layer's weights. UserError if they do not go with its input."""
    if node.op_type not in ("Conv", "ConvTranspose", "Gemm", "MatMul") or node.input[1] not in graph.constants:
        return 0
    values, weights = graph.shape(node.input[0]), graph.shape(node.input[1])
    if len(weights) < 2 or not values:
        raise UserError(f"{graph.path}: {node.name or node.output[0]} has weights of shape {list(weights)}, no matrix")
    if node.op_type == "Conv":
        given, expected = values[1], weights[1] * (_attribute(node, "group") or 1)
    elif node.op_type == "ConvTranspose":
        given, expected = values[1], weights[0]
    else:
        given, expected = values[-1], weights[-1 if _attribute(node, "transB") else -2]
    if given != expected:
        raise UserError(f"{graph.path}: {node.name or node.output[0]} has weights for {expected} channels, but its "
                        f"input has {given}")  # fmt: skip
    return math.prod(weights)


def _biases(graph: OnnxGraph, node: Any) -> int:
    """One for each filter if the layer adds a bias, itself or in the batch norm or addition that follows it."""
    filters = graph.shape(node.output[0])[-1 if node.op_type in ("Gemm", "MatMul") else 1]
    if len(node.input) > 2 and node.input[2]:
        return filters
    readers = graph.readers(node.output[0])
    while len(readers) == 1 and _scales(graph, readers[0]):
        readers = graph.readers(readers[0].output[0])
    return filters if len(readers) == 1 and _shifts(graph, readers[0]) else 0


def _scales(graph: OnnxGraph, node: Any) -> bool:
    return node.op_type in ("Mul", "Div") and any(tensor in graph.constants for tensor in node.input)


def _shifts(graph: OnnxGraph, node: Any) -> bool:
    addition = node.op_type in ("Add", "Sub") and any(tensor in graph.constants for tensor in node.input)
    return addition or node.op_type == "BatchNormalization"


def _window(node: Any) -> str:
    kernel = _attribute(node, "kernel_shape")
    if not kernel:
        return ""
    strides = _attribute(node, "strides") or [1]
    return "x".join(map(str, kernel)) + (f"/{strides[0]}" if strides[0] > 1 else "")


def _attribute(node: Any, name: str) -> Any:
    """The value of a whole-number attribute; None if it is not there."""
    for attribute in node.attribute:
        if attribute.name == name:
            return list(attribute.ints) or attribute.i
    return None


def _needed(graph: OnnxGraph, node: Any, name: str) -> Any:
    """The value of an attribute that ONNX asks for. Raises UserError if it is not there."""
    value = _attribute(node, name)
    if value is None:
        raise UserError(f"{graph.path}: {node.name or node.output[0]} is a {node.op_type} without its {name}")
    return value


def _uniquely_named(layers: list[LayerCost]) -> tuple[LayerCost, ...]:
    seen: dict[str, int] = {}
    named = []
    for layer in layers:
        seen[layer.name] = seen.get(layer.name, 0) + 1
        count = seen[layer.name]
        named.append(layer if count == 1 else replace(layer, name=f"{layer.name}_{count}"))
    return tuple(named)
