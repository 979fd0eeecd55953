"""How many bits the tensors of a QONNX file have: as its quantizers say, 32 where there is none."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from onnx import numpy_helper

from hwcodesign.analyze.costs import FLOAT_BITS
from hwcodesign.analyze.onnx_graph import OnnxGraph

# What comes out has the values that went in, or some of them.
_KEEPS = ("MaxPool", "Concat", "Flatten", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Identity", "Dropout", "Pad")
# Element by element: what is stored is the quantizer's result behind them.
_ON_THE_WAY = ("BatchNormalization", "Relu", "Mul", "Div", "Add", "Sub")


def tensor_bits(graph: OnnxGraph) -> Mapping[str, int]:
    """Bits of every tensor. A sum on its way into a quantizer has that quantizer's."""
    bits: defaultdict[str, int] = defaultdict(lambda: FLOAT_BITS)
    values = {tensor.name: tensor for tensor in graph.graph.initializer}
    values |= {node.output[0]: node.attribute[0].t for node in graph.graph.node if node.op_type == "Constant"}
    for node in graph.graph.node:
        quantized = _quantizer_bits(node, values)
        if quantized is not None:
            bits[node.output[0]] = quantized
        elif node.op_type in _KEEPS:
            bits[node.output[0]] = bits[node.input[0]]
    for node in reversed(graph.graph.node):
        to_quantizer = node.op_type in _ON_THE_WAY or _quantizer_bits(node, values) is not None
        if to_quantizer and bits[node.input[0]] == FLOAT_BITS:
            bits[node.input[0]] = bits[node.output[0]]
    return bits


def _quantizer_bits(node: Any, values: Mapping[str, Any]) -> int | None:
    """The bits that a quantizer makes; None for any other node, or if they are no constant."""
    if node.op_type == "BipolarQuant":
        return 1
    if node.op_type != "Quant" or node.input[3] not in values:
        return None
    return int(numpy_helper.to_array(values[node.input[3]]).item())
