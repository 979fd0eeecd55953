"""What the walk over a network knows so far, and the small questions that every layer asks of it."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from hwcodesign.lower.file_network import FileNetwork, Node
from hwcodesign.lower.operation import GRAPH_INPUT, Operation
from hwcodesign.lower.problems import Problems
from hwcodesign.lower.values import Constant, Unknown, Value

Tensor = Value | Constant | Unknown


@dataclass
class Walk:
    """The network, the problems found, and by name: tensors, and the operations in the order in which they run."""

    network: FileNetwork
    problems: Problems
    tensors: dict[str, Tensor] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)

    @cached_property
    def readers(self) -> dict[str, int]:
        """How many nodes read a tensor; the network's output counts as one."""
        found = {name: len(nodes) for name, nodes in self.network.readers().items()}
        found[self.network.output] = found.get(self.network.output, 0) + 1
        return found

    def read(self, name: str) -> Tensor | None:
        """What a node gets that reads the tensor `name`; None for an input that is left out."""
        tensor = self.tensors.get(name, Unknown(None)) if name else None
        if isinstance(tensor, Value) and self.readers.get(name, 0) > 1:
            return replace(tensor, alone=False)
        return tensor

    def operation(self, layer: str, operator: str, *values: Value, **details: Any) -> str:
        """Add an operation that reads `values`; returns its name, which is `layer` unless that is taken."""
        name = self.unused(layer)
        bounds = {"low": values[0].low, "high": values[0].high} | details
        self.operations[name] = Operation(name, operator, tuple(value.operation for value in values), **bounds)
        return name

    def unused(self, name: str) -> str:
        """`name`, or with a number behind it if a layer of that name exists: a module may be called twice."""
        count, unused = 2, name
        while unused in self.operations or unused == GRAPH_INPUT:
            unused = f"{name}_{count}"
            count += 1
        return unused

    def note(self, node: Node, cause: str, fix: str, *about: Value) -> None:
        """Note what of this node cannot become hardware.

        Not if it is `about` a value that only stands in for another problem.
        """
        if all(value.known for value in about):
            self.problems.add(node.layer, cause, fix)

    def maker(self, operation: str) -> Operation | None:
        """The operation of this name; None for the frames."""
        return self.operations.get(operation)
