"""A walk over a network of one node, to call a layer's function by itself."""

from pathlib import Path
from typing import Any

import numpy as np
from onnx import helper

from hwcodesign.dataflow import IntType
from hwcodesign.lower.file_network import FileNetwork, Node
from hwcodesign.lower.operation import GRAPH_INPUT
from hwcodesign.lower.problems import Problems
from hwcodesign.lower.values import Value, places, uniform, whole_range
from hwcodesign.lower.walk import Walk

UINT4 = IntType(4, signed=False)


def node(operator: str, inputs: tuple[str, ...] = ("x",), layer: str = "layer", **attributes: Any) -> Node:
    outputs = (f"{layer}.out",)
    proto = helper.make_node(operator, inputs, outputs)
    return Node(layer, operator, inputs, outputs, attributes, False, proto)


def walk(*nodes: Node, shape: tuple[int, ...] = (1, 2, 4, 4)) -> Walk:
    output = nodes[-1].outputs[0] if nodes else "x"
    network = FileNetwork(Path("net.onnx"), nodes, {}, "x", shape, output, 1, {}, 13)
    return Walk(network, Problems())


def value(shape: tuple[int, int, int] = (2, 4, 4), int_type: IntType = UINT4, scale: float = 0.5, **more: Any) -> Value:
    """Frames of `shape` (C, H, W), as the walk begins with."""
    low, high = whole_range(int_type, shape[0])
    fields = {"operation": GRAPH_INPUT, "steps": (uniform(scale, shape[0]),), "place": places(shape)} | more
    return Value(shape=shape, type=int_type, low=low, high=high, **fields)


def problems(made: Walk) -> str:
    """All causes and fixes that were noted."""
    return "\n".join(f"{layer}: {cause} -> {fix}" for layer, cause, fix in made.problems.found)


def reals(value: Value, integers: np.ndarray) -> np.ndarray:
    """What `integers` (C, H, W) of a value stand for, in the tensor's own shape."""
    flat = integers.reshape(integers.shape[0], -1)
    return np.asarray(value.real(flat).reshape(integers.shape))
