"""A network as the file has it: nodes under their PyTorch paths, constants, the way from its input to its output."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from onnx import NodeProto

_WINDOWED = ("Conv", "MaxPool", "AveragePool", "MatMul", "Gemm", "Reshape", "Flatten", "Transpose")


@dataclass(frozen=True, eq=False)
class Node:
    """One operator. `layer` is its PyTorch path; an input that is left out is "". Texts in attributes are str."""

    layer: str
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    channels_last: bool
    proto: NodeProto


@dataclass(frozen=True)
class FileNetwork:
    """`nodes` in the order in which they run, only those that lead to the output; batch axes are 1, where the file has
    `batch`.

    `opset` is ONNX's version; `shapes` those of inner tensors that the file itself declares.
    """

    path: Path
    nodes: tuple[Node, ...]
    constants: Mapping[str, np.ndarray]
    input: str
    input_shape: tuple[int, ...]
    output: str
    batch: int
    shapes: Mapping[str, tuple[int, ...]]
    opset: int

    @cached_property
    def channels_last(self) -> bool:
        """Whether the input is (1, height, width, channels): it is transposed, or read by an operator, as such."""
        tensor, readers = self.input, self.readers()
        while len(self.input_shape) == 4 and (found := readers.get(tensor, ())):
            if found[0].channels_last or list(found[0].attributes.get("perm", ())) == [0, 3, 1, 2]:
                return True
            if found[0].operator in _WINDOWED:
                return False
            tensor = found[0].outputs[0]
        return False

    def readers(self) -> Mapping[str, tuple[Node, ...]]:
        """Who reads a tensor, by its name."""
        found: dict[str, tuple[Node, ...]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(node.inputs):
                found[name] = (*found.get(name, ()), node)
        return found


def leading_to(output: str, nodes: Iterable[Node]) -> tuple[Node, ...]:
    """Those of `nodes` that the tensor `output` depends on, every node after those that it reads."""
    makers = {name: node for node in nodes for name in node.outputs if name}
    needed, waiting = {output}, [output]
    while waiting:
        maker = makers.get(waiting.pop())
        for name in maker.inputs if maker else ():
            if name not in needed:
                needed.add(name)
                waiting.append(name)
    return _in_order([node for node in nodes if needed & set(node.outputs)], makers)


def _in_order(nodes: list[Node], makers: Mapping[str, Node]) -> tuple[Node, ...]:
    """In the order of the file as far as that is one in which they can run."""
    found: dict[Node, None] = {}
    for node in nodes:
        waiting = [node]
        while waiting:
            before = [makers[n] for n in waiting[-1].inputs if n in makers and makers[n] not in found]
            if before:
                waiting.extend(before)
            else:
                found[waiting.pop()] = None
    return tuple(found)
