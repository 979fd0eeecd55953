"""What a quantization finds: integers, scales and biases of every convolution, and every activation's step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add

import numpy as np
import torch
from torch import Tensor, nn

from hwcodesign.core.errors import UserError
from hwcodesign.export.float_weights import Weights
from hwcodesign.nets.blocks import leaked, moved
from hwcodesign.nets.network import (
    INPUT,
    Add,
    AvgPool,
    Concat,
    Conv,
    GlobalAvgPool,
    Level,
    MaxPool,
    Moving,
    Network,
    Node,
    Requantize,
)


@dataclass(frozen=True)
class QuantizedLayer:
    """A convolution's weights are `integers` (O, C, height, width) times `scales` (O,); `bias` (O,) is not quantized.

    All float64. `error` is the squared error of its sums on the calibration images, as a share of their energy, and
    `rounding` the part of it that the rounding of its own weights makes.
    """

    integers: Tensor
    scales: Tensor
    bias: Tensor
    error: float = 0.0
    rounding: float = 0.0

    @property
    def weight(self) -> Tensor:
        """The real weights that the integers stand for."""
        return self.integers * self.scales[:, None, None, None]


@dataclass(frozen=True)
class Quantized:
    """A whole network: its layers and, by the name of each activation quantizer, its step and its grid."""

    layers: dict[str, QuantizedLayer] = field(default_factory=dict)
    steps: dict[str, float] = field(default_factory=dict)
    grids: dict[str, "Grid"] = field(default_factory=dict)


@dataclass(frozen=True)
class Grid:
    """The levels `low` ... `high` of an activation quantizer; from 0 on where a ReLU stands in front of it."""

    low: int
    high: int

    @classmethod
    def of(cls, bits: int, signed: bool) -> "Grid":
        """All levels of so many bits."""
        return cls(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else cls(0, 2**bits - 1)

    def rounded(self, values: Tensor, step: float | Tensor) -> Tensor:
        """The nearest of the levels, times `step`: a number, or what goes with `values`."""
        return (values / step).round_().clamp_(self.low, self.high).mul_(step)


def grids(network: Network, activation_bits: Mapping[str, int]) -> dict[str, Grid]:
    """The grid of every activation quantizer."""
    return {name: Grid.of(bits, name in network.signed_quantizers) for name, bits in activation_bits.items()}


def with_normalisation(
    network: Network, weights: dict[str, Weights], mean: Level, divisor: Level
) -> dict[str, Weights]:
    """`weights` that take pixels / 255, where each channel had a mean and a divisor of its own.

    W (x - m) / d + b = (255 W / d) (x / 255) + (b - sum of W m / d): exact but for the float32 of the result, if the
    first convolutions do not pad.
    """
    found = dict(weights)
    for conv in network.convolutions:
        if conv.input == INPUT:
            weight, bias = (np.asarray(part, np.float64) for part in weights[conv.name])
            by_channel = [np.broadcast_to(np.asarray(v, np.float64), weight.shape[1]) for v in (mean, divisor)]
            means, divisors = (part[None, :, None, None] for part in by_channel)
            folded = bias - (weight * means / divisors).sum((1, 2, 3))
            found[conv.name] = Weights((255 * weight / divisors).astype(np.float32), folded.astype(np.float32))
    return found


def apply(node: Node, inputs: list[Tensor]) -> Tensor:
    """What a node without weights gives, in float or on quantized values; a quantizer's own ReLU stands behind it."""
    match node:
        case MaxPool():
            return nn.functional.max_pool2d(inputs[0], node.kernel, node.stride, node.pad, ceil_mode=node.ceil)
        case AvgPool():
            return nn.functional.avg_pool2d(inputs[0], node.kernel, node.stride, node.pad, node.ceil)
        case Concat():
            return torch.cat(inputs, 1)
        case Add() | Requantize():
            return leaked(node, reduce(add, inputs))  # of one, itself
        case GlobalAvgPool():
            return inputs[0].mean((2, 3), keepdim=True)
        case Moving():
            return moved(node, inputs[0])
        case _:
            raise UserError(f"{node.name} can be analysed, but not become hardware")


def convolved(conv: Conv, values: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """What the convolution gives with whatever weights and bias; its quantizer's own ReLU stands behind it."""
    sums = nn.functional.conv2d(values, weight, bias, conv.stride, conv.pad, conv.dilation, conv.groups)
    return leaked(conv, sums)


def in_float(
    network: Network, nodes: Sequence[Node], given: Mapping[str, Tensor], weights: Mapping[str, Weights]
) -> dict[str, Tensor]:
    """`computed` with float `weights`: behind the ReLUs that belong to quantizers."""
    where = next(iter(given.values())).device

    def numbers(conv: Conv) -> tuple[Tensor, Tensor]:
        weight, bias = (torch.from_numpy(np.array(part)).to(where) for part in weights[conv.name])
        return weight, bias

    def ended(node: Node, value: Tensor) -> Tensor:
        return activated(network, network.quantizers.get(node.name), value)

    return computed(nodes, given, numbers, ended)


def activated(network: Network, quantizer: str | None, values: Tensor) -> Tensor:
    """Float `values` behind what stands in front of `quantizer`, if any: a ReLU, which may end, or nothing."""
    if quantizer is None or quantizer in network.signed_quantizers:
        return values
    return values.clamp(0, network.relu_ends.get(quantizer))


def computed(
    nodes: Sequence[Node],
    given: Mapping[str, Tensor],
    weights: Callable[[Conv], tuple[Tensor, Tensor]],
    ended: Callable[[Node, Tensor], Tensor],
) -> dict[str, Tensor]:
    """What is `given`, and what each of `nodes` makes of it, by name.

    `weights` are a convolution's (weight, bias), `ended` is what a node gives behind its quantizer, if it has one.
    """
    values = dict(given)
    for node in nodes:
        inputs = [values[name] for name in node.inputs]
        value = convolved(node, inputs[0], *weights(node)) if isinstance(node, Conv) else apply(node, inputs)
        values[node.name] = ended(node, value)
    return values


def pixels_of(images: np.ndarray, numbers: tuple[float, float]) -> Tensor:
    """What a network reads, float32 (frames, C, H, W), of uint8 (frames, H, W, C) and their (mean, divisor)."""
    return (torch.from_numpy(images.transpose(0, 3, 1, 2).copy()).float() - numbers[0]) / numbers[1]


def forward(network: Network, quantized: Quantized, raw: Tensor, mean: float, divisor: float) -> Tensor:
    """Scores (frames, classes) of pixels `raw` (frames, C, H, W), in float32: what hardware gives but for roundings.

    An activation that lies on a rounding boundary may fall on its other side.
    """
    return values_of(network, quantized, (raw - mean) / divisor)[network.nodes[-1].name].flatten(1)


def values_of(network: Network, quantized: Quantized, pixels: Tensor) -> dict[str, Tensor]:
    """What every node gives for `pixels` (frames, C, H, W), behind its quantizer if it has one; the pixels, too."""

    def weights(conv: Conv) -> tuple[Tensor, Tensor]:
        layer = quantized.layers[conv.name]
        return layer.weight.to(pixels.device, torch.float32), layer.bias.to(pixels.device, torch.float32)

    def rounded(node: Node, value: Tensor) -> Tensor:
        quantizer = network.quantizers.get(node.name)
        return quantized.grids[quantizer].rounded(value, quantized.steps[quantizer]) if quantizer else value

    return computed(network.nodes, {INPUT: pixels}, weights, rounded)
