"""A walk over a float network: what each tensor is, and the nodes and weights so far."""

from dataclasses import replace

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.core.windows import Pair
from hwcodesign.export.float_weights import Weights
from hwcodesign.lower.file_network import FileNetwork
from hwcodesign.lower.file_network import Node as FileNode
from hwcodesign.lower.problems import Problems
from hwcodesign.lower.values import Constant
from hwcodesign.nets.build import is_taken
from hwcodesign.nets.network import INPUT, Network, Node
from hwcodesign.quantize.float_tensors import Map, Pixels, Tensor
from hwcodesign.quantize.float_windows import Border, why_no_window, window_of


class Reader:
    """What the layers are read into, one after the other, and what they all need."""

    def __init__(self, file: FileNetwork) -> None:
        if len(file.input_shape) != 4 or file.channels_last:
            raise UserError(f"{file.path}: its input has the shape {file.input_shape}; a float network takes "
                            "(1, channels, height, width)")  # fmt: skip
        _, channels, height, width = file.input_shape
        self.file, self.problems = file, Problems()
        self.last: str | None = None  # the tensor of the scores, where what follows belongs to the host
        self.input_shape = height, width, channels
        self.nodes: dict[str, Node] = {}
        self.weights: dict[str, Weights] = {}
        self.alone: dict[str, bool] = {}  # whether the input of a pool or a concatenation is read by it alone
        self.moved: dict[tuple[str, bytes], str] = {}  # nodes by what they read, and which elements
        self.pixels: Pixels | None = None  # as the first convolution takes them
        self.tensors: dict[str, Tensor] = {file.input: Pixels(np.ones(channels), np.zeros(channels), file.input_shape)}
        self.readers = file.readers()

    def read(self, name: str) -> Tensor:
        """The tensor of that name in the file."""
        if name in self.file.constants and name not in self.tensors:
            self.tensors[name] = Constant(self.file.constants[name])
        return self.tensors.get(name)

    def note(self, node: FileNode, cause: str, fix: str) -> None:
        """A layer without hardware, and what to do."""
        self.problems.add(node.layer, cause, fix)

    def gives(self, file_node: FileNode, node: Node, shape: tuple[int, ...]) -> Map:
        """What `node`, ours, gives in an array of `shape`; it does what `file_node` does."""
        self.nodes[node.name] = node
        return Map(node.name, shape, self.read_once(file_node))

    def read_once(self, node: FileNode) -> bool:
        """Whether one other layer reads what the node gives, or none."""
        return len(self.readers.get(node.outputs[0], ())) <= 1

    def name(self, node: FileNode) -> str:
        """The layer's path, in letters that a module may have, a number behind one that is called again."""
        weights = [name.removesuffix(".weight") for name in node.inputs[1:2] if name.endswith(".weight")]
        path = (weights or [node.layer])[0]
        parts = ["".join(c if c.isascii() and c.isalnum() else "_" for c in part) for part in path.split(".")]
        parts = [f"{part}_" if is_taken(part) else part for part in parts]
        name, number = ".".join(part for part in parts if part) or node.operator.lower(), 1
        name = "layer_" + name if name == INPUT else name
        while name in self.nodes:
            number += 1
            name = f"{name.removesuffix(f'_{number - 1}')}_{number}"
        return name

    def passed(self, node: FileNode, value: Map | Pixels) -> Map | Pixels:
        """The value itself, behind a node that does nothing with its numbers."""
        return replace(value, alone=value.alone and self.read_once(node)) if isinstance(value, Map) else value

    def source(self, value: Tensor) -> tuple[str | None, tuple[int, ...]]:
        """The node that a convolution reads, and the shape of its map."""
        if isinstance(value, Map):
            return value.name, value.shape
        assert isinstance(value, Pixels)
        before = self.pixels or value
        if not (np.array_equal(before.scale, value.scale) and np.array_equal(before.shift, value.shift)):
            return None, ()  # two normalisations of the same pixels
        self.pixels = value
        return INPUT, value.shape

    def window(self, node: FileNode, kernel: tuple[int, ...], value: Tensor) -> tuple[Pair, Pair, Border] | None:
        """(sides, strides, zeros around the map) of a window on `value`; None after noting that there is none like it.

        The zeros are its own and those that stand before it already.
        """
        if problem := why_no_window(node, kernel):
            self.note(node, *problem)
            return None
        assert isinstance(value, Map | Pixels)
        return window_of(node, kernel, value.shape[2:], value.pad)

    def map_shape(self, name: str) -> tuple[int, int, int]:
        """(channels, height, width) of what our node `name` gives."""
        height, width, channels = Network("", self.input_shape, 0, tuple(self.nodes.values())).shapes[name]
        return channels, height, width
