"""A network as plain data, without torch: the one description from which everything else comes.

`nets/build.py` makes the float and the quantized PyTorch modules of it, `predict.py` the hardware graph that FINN's
lowering will give, and `analyze` its costs. A node reads the outputs of earlier nodes by name; its name is its
PyTorch path (fire2.expand3x3). A fully connected layer is a convolution whose kernel covers its whole input.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from hwcodesign.dataflow import Shape
from hwcodesign.errors import UserError

INPUT = "input"


@dataclass(frozen=True)
class Conv:
    """Convolution + bias (+ batch norm in training, folded) + ReLU + quantizer.

    Convolutions with the same `quantizer` share one activation quantizer: both expand branches of a Fire module,
    and both inputs of a bypass add, must. No quantizer means none of ReLU and quantizer: raw scores.
    """

    name: str
    input: str
    filters: int
    kernel: int = 1
    stride: int = 1
    pad: int = 0
    groups: int = 1
    quantizer: str | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.input,)


@dataclass(frozen=True)
class MaxPool:
    """Maximum over kernel x kernel windows; keeps its input's quantizer."""

    name: str
    input: str
    kernel: int
    stride: int

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.input,)


@dataclass(frozen=True)
class GlobalAvgPool:
    """Mean over all pixels. The hardware sums; the division is the host's (argmax does not need it)."""

    name: str
    input: str

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.input,)


@dataclass(frozen=True)
class Concat:
    """Channels of the inputs side by side; the inputs share one quantizer."""

    name: str
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class Add:
    """Element-wise sum of two inputs that share one quantizer, re-quantized by `quantizer` (a bypass)."""

    name: str
    inputs: tuple[str, str]
    quantizer: str


Node = Conv | MaxPool | GlobalAvgPool | Concat | Add


@dataclass(frozen=True)
class Quantization:
    """Bits of weights and activations. 1 bit is bipolar {-1, +1}; activations after ReLU are unsigned otherwise.

    The first and the last convolution's weights have bits of their own (they suffer most); None means `weight_bits`.
    """

    weight_bits: int = 4
    activation_bits: int = 4
    first_weight_bits: int | None = None
    last_weight_bits: int | None = None


@dataclass(frozen=True)
class Network:
    """Nodes in the order they run. `input_shape` is (height, width, channels) of the uint8 image."""

    name: str
    input_shape: Shape
    classes: int
    nodes: tuple[Node, ...]

    @property
    def convolutions(self) -> tuple[Conv, ...]:
        return tuple(node for node in self.nodes if isinstance(node, Conv))

    @cached_property
    def shapes(self) -> Mapping[str, Shape]:
        """Output shape of every node and of INPUT.

        Raises UserError naming the node whose kernel is larger than its input, or whose inputs do not match.
        """
        known: dict[str, Shape] = {INPUT: self.input_shape}
        for node in self.nodes:
            known[node.name] = _output_shape(node, [known[name] for name in node.inputs])
        return known

    def weights(self, conv: Conv) -> int:
        """Number of weights of `conv`, without its biases."""
        return conv.filters * self.shapes[conv.input][2] // conv.groups * conv.kernel**2

    def parameters(self, conv: Conv) -> int:
        """Weights and one bias per filter (batch norm folds into these two)."""
        return self.weights(conv) + conv.filters


def _output_shape(node: Node, inputs: list[Shape]) -> Shape:
    height, width, channels = inputs[0]
    match node:
        case Conv():
            rows, columns = (_window_positions(node, size + 2 * node.pad) for size in (height, width))
            return rows, columns, node.filters
        case MaxPool():
            return _window_positions(node, height), _window_positions(node, width), channels
        case GlobalAvgPool():
            return 1, 1, channels
        case Concat():
            _require_equal(node.name, "pixels", [shape[:2] for shape in inputs])
            return height, width, sum(shape[2] for shape in inputs)
        case Add():
            _require_equal(node.name, "shapes", inputs)
            return inputs[0]


def _window_positions(node: Conv | MaxPool, size: int) -> int:
    if node.kernel > size:
        raise UserError(
            f"{node.name}: its {node.kernel}x{node.kernel} kernel is larger than its input of {size} pixels; "
            f"use a larger image, fewer poolings, or a kernel of at most {size}"
        )
    return (size - node.kernel) // node.stride + 1


def _require_equal(name: str, what: str, values: Sequence[tuple[int, ...]]) -> None:
    if len(set(values)) != 1:
        raise UserError(f"{name}: its inputs must have equal {what}, but have {' and '.join(map(str, values))}")
