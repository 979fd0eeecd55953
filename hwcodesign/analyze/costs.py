"""What every layer of a network costs, from shapes alone.

Operations follow the dissertation's equation 4.3: two (multiply, add) for each multiply-accumulate of a convolution;
a pool counts one for each element of its windows, local response normalisation too (its windows lie across channels),
an add one for each element. Biases, ReLU, scaling and concatenation count none. Activations are a layer's outputs;
concatenation makes none.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from hwcodesign.core.windows import both, by
from hwcodesign.nets.network import (
    INPUT,
    Add,
    AvgPool,
    Channels,
    Concat,
    Conv,
    GlobalAvgPool,
    LocalResponseNorm,
    MaxPool,
    Moving,
    Network,
    Node,
    PixelShuffle,
    Quantization,
    Requantize,
    Upsample,
)

FLOAT_BITS = 32
PIXEL_BITS = 8
# Backward takes a gradient by the weights and one by the inputs, each as many operations as forward.
TRAINING_FACTOR = 3


@dataclass(frozen=True)
class LayerCost:
    """One layer, per image. Shapes are (height, width, channels); `window` reads 3x3/2: kernel and stride."""

    name: str
    kind: str
    in_shapes: tuple[tuple[int, ...], ...]
    out_shape: tuple[int, ...]
    window: str
    parameters: int
    operations: int
    activations: int
    parameter_bits: int = FLOAT_BITS
    activation_bits: int = FLOAT_BITS
    input_bits: int = FLOAT_BITS

    @property
    def inputs(self) -> int:
        """Elements that the layer reads."""
        return sum(math.prod(shape) for shape in self.in_shapes)

    @property
    def training_operations(self) -> int:
        """Forward and backward."""
        return TRAINING_FACTOR * self.operations

    @property
    def parameter_bytes(self) -> float:
        return self.parameters * self.parameter_bits / 8

    @property
    def activation_bytes(self) -> float:
        return self.activations * self.activation_bits / 8


@dataclass(frozen=True)
class Costs:
    """All layers of a network in the order they run, and their totals, per image."""

    title: str
    in_shape: tuple[int, ...]
    layers: tuple[LayerCost, ...]

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers)

    @property
    def operations(self) -> int:
        """Forward only."""
        return sum(layer.operations for layer in self.layers)

    @property
    def training_operations(self) -> int:
        """Forward and backward."""
        return TRAINING_FACTOR * self.operations

    @property
    def activations(self) -> int:
        return sum(layer.activations for layer in self.layers)

    @property
    def parameter_bytes(self) -> float:
        return sum(layer.parameter_bytes for layer in self.layers)

    @property
    def activation_bytes(self) -> float:
        return sum(layer.activation_bytes for layer in self.layers)

    @property
    def quantized(self) -> bool:
        return any(layer.parameter_bits != FLOAT_BITS for layer in self.layers)

    @property
    def peak_bytes(self) -> float:
        """Activations that are alive at once, at most, when layer after layer runs: one layer's inputs and outputs."""
        return max(layer.inputs * layer.input_bits / 8 + layer.activation_bytes for layer in self.layers)


def costs(network: Network, quantization: Quantization | None = None, title: str = "") -> Costs:
    """The costs of `network`: 32-bit floats throughout, or the bits of `quantization` (pixels then have 8).

    Raises UserError, through the network's shapes, if a layer does not fit its input.
    """
    weight_bits = network.weight_bits(quantization) if quantization else {}
    value_bits = _value_bits(network, quantization)
    layers = (_layer_cost(network, node, weight_bits.get(node.name, FLOAT_BITS), value_bits) for node in network.nodes)
    return Costs(title or network.name, network.input_shape, tuple(layers))


def _value_bits(network: Network, quantization: Quantization | None) -> dict[str, int]:
    """Bits of the values that each node gives: of quantized activations, of pixels, and of sums that stay raw."""
    if quantization is None:
        return dict.fromkeys((INPUT, *(node.name for node in network.nodes)), FLOAT_BITS)
    bits, of_quantizers = {INPUT: PIXEL_BITS}, network.activation_bits(quantization)
    for node in network.nodes:
        match node:
            case Conv() | Requantize() | Add():
                bits[node.name] = of_quantizers[node.quantizer] if node.quantizer else FLOAT_BITS
            case GlobalAvgPool():
                bits[node.name] = FLOAT_BITS
            case AvgPool():
                most = (2 ** bits[node.input] - 1) * math.prod(both(node.kernel))
                bits[node.name] = min(most.bit_length(), FLOAT_BITS)
            case _:
                bits[node.name] = bits[node.inputs[0]]
    return bits


def _layer_cost(network: Network, node: Node, weight_bits: int, value_bits: Mapping[str, int]) -> LayerCost:
    out = network.shapes[node.name]
    return LayerCost(
        name=node.name,
        kind=_KINDS[type(node)],
        in_shapes=tuple(network.shapes[name] for name in node.inputs),
        out_shape=out,
        window=_window(node),
        parameters=network.parameters(node) if isinstance(node, Conv) else 0,
        operations=_operations(network, node),
        activations=0 if isinstance(node, Concat | Requantize) else math.prod(out),
        parameter_bits=weight_bits,
        activation_bits=value_bits[node.name],
        input_bits=value_bits[node.inputs[0]],
    )


_KINDS = {
    Conv: "conv",
    Requantize: "requantize",
    MaxPool: "max pool",
    AvgPool: "avg pool",
    GlobalAvgPool: "global pool",
    LocalResponseNorm: "norm",
    Upsample: "upsample",
    Channels: "channels",
    PixelShuffle: "pixel shuffle",
    Concat: "concat",
    Add: "add",
}


def _operations(network: Network, node: Node) -> int:
    outputs = math.prod(network.shapes[node.name])
    match node:
        case Conv():
            rows, columns, _ = network.shapes[node.name]
            return 2 * network.weights(node) * rows * columns
        case MaxPool() | AvgPool():
            return outputs * math.prod(both(node.kernel))
        case GlobalAvgPool():
            return math.prod(network.shapes[node.input])
        case LocalResponseNorm():
            return outputs * node.size
        case Add():
            return outputs
        case Concat() | Requantize() | Moving():
            return 0


def _window(node: Node) -> str:
    """A window as the tables print it: 3x3/2 is a kernel of 3x3 with stride 2; :2 behind it a dilation of 2."""
    if not isinstance(node, Conv | MaxPool | AvgPool):
        return ""
    stride = node.stride if isinstance(node.stride, int) else by(node.stride)
    dilated = f":{by(node.dilation)}" if isinstance(node, Conv) and node.dilation != 1 else ""
    return by(node.kernel) + (f"/{stride}" if stride != 1 else "") + dilated
