"""What the walk over the QONNX graph knows so far, and the small questions that every layer asks of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import NodeProto, helper
from qonnx.core.modelwrapper import ModelWrapper

from hwcodesign.dataflow import IntType
from hwcodesign.lower.problems import Problems
from hwcodesign.lower.values import Value

GRAPH_INPUT = "input"


@dataclass(frozen=True)
class Operation:
    """One layer of integer arithmetic, under its PyTorch path. `sources` are operations, or GRAPH_INPUT.

    `weights`: (O, C, kernel height, kernel width) int64 of a convolution (kind mvau), None otherwise. `thresholds`:
    (C, levels - 1) int64 where a quantizer of `out_type` ends the layer. `low` and `high` (C,) int64 bound the
    integers that the thresholds are compared with.
    """

    name: str
    kind: str
    sources: tuple[str, ...]
    low: np.ndarray
    high: np.ndarray
    weights: np.ndarray | None = None
    thresholds: np.ndarray | None = None
    out_type: IntType | None = None


@dataclass(frozen=True)
class Weights:
    """Quantized weights: integers (O, C, kernel height, kernel width) and a scale per output channel (O,), float64."""

    integers: np.ndarray
    scale: np.ndarray


@dataclass
class Walk:
    """The model, the problems found, and by name: tensors' values, weight tensors, and the operations in order.

    `idle` are the nodes that change nothing: a ReLU of what is not negative, a dropout.
    """

    model: ModelWrapper
    problems: Problems
    values: dict[str, Value] = field(default_factory=dict)
    weights: dict[str, Weights] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    idle: list[NodeProto] = field(default_factory=list)

    def constant(self, tensor: str) -> np.ndarray | None:
        """The tensor's constant value, or None if it is computed (or left out)."""
        value: np.ndarray | None = self.model.get_initializer(tensor) if tensor else None
        return value

    def operation(self, layer: str, kind: str, *values: Value, **details: Any) -> str:
        """Add an operation that reads `values`; returns its name, which is `layer` unless that is taken."""
        name = self.unused(layer)
        bounds = {"low": values[0].low, "high": values[0].high} | details
        self.operations[name] = Operation(name, kind, tuple(value.operation for value in values), **bounds)
        return name

    def unused(self, name: str) -> str:
        """`name`, or with a number behind it if a layer of that name exists: a module may be called twice."""
        count, unused = 2, name
        while unused in self.operations or unused == GRAPH_INPUT:
            unused = f"{name}_{count}"
            count += 1
        return unused

    def has_one_reader(self, tensor: str) -> bool:
        """Nobody else reads this tensor, nor anything between it and its convolution."""
        while True:
            producer = self.model.find_producer(tensor)
            if len(self.model.find_consumers(tensor)) > 1:
                return False
            if producer is None or producer.op_type == "Conv":
                return True
            tensor = next(name for name in producer.input if name in self.values)


def attributes(node: NodeProto) -> Mapping[str, Any]:
    """The node's attributes as Python values."""
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
