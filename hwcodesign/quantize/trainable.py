"""A block of a quantized network whose numbers train; gradients pass straight through the roundings.

A weight is its filter's scale times round(v), v counted in steps of that filter's own grid. What trains is how far v
has moved: by so many steps, so that all weights move alike whatever their filter's scale, or along the directions of
`whitened`. Scales of weights, and the steps of activations (S. K. Esser et al., Learned step size quantization, 2020),
train as factors, exp(0) at first.

Source of the straight-through gradient: Y. Bengio et al., Estimating or propagating gradients through stochastic
neurons, 2013.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from hwcodesign.nets.fake_quantize import fake_quantize
from hwcodesign.nets.network import Conv, Network, Node
from hwcodesign.quantize.blocks import Block
from hwcodesign.quantize.quantized import Grid, Quantized, QuantizedLayer, computed
from hwcodesign.quantize.whitened import White

_LEAST = 1e-15  # of what Adam divides by: gradients of single weights are small


@dataclass(frozen=True)
class Rates:
    """How far a number moves at most in one step of Adam.

    A weight, in steps of its filter's grid, or along a white direction, in the filter's size; a filter's scale and an
    activation's step, as a factor; a bias, in steps of the activations behind it (of raw scores: in their scale).
    """

    move: float
    factor: float
    bias: float


class Trainable(nn.Module):
    """`block` of `network` as `found` has it, with `weight_bits` of every convolution; `fixed` quantizers stay.

    Weights move along the directions of `white`, by convolution, or each by itself.
    """

    def __init__(
        self,
        network: Network,
        block: Block,
        found: Quantized,
        weight_bits: Mapping[str, int],
        fixed: Collection[str] = (),
        white: Mapping[str, White] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        self.network, self.block, self._found, self._white = network, block, found, white
        self._most = {conv.name: 2 ** (weight_bits[conv.name] - 1) - 1 for conv in block.convolutions}
        self._moves, self._factors, self._biases, self._stretches = (nn.ParameterDict() for _ in range(4))
        for conv in block.convolutions:
            layer, key = found.layers[conv.name], _key(conv.name)
            scales = 1 if conv.quantizer is None else conv.filters  # raw scores share one
            self._moves[key] = nn.Parameter(torch.zeros_like(layer.integers, dtype=torch.float32))
            self._factors[key] = nn.Parameter(torch.zeros(scales))
            self._biases[key] = nn.Parameter(layer.bias.float())
        for quantizer in block.quantizers(network):
            self._stretches[_key(quantizer)] = nn.Parameter(torch.zeros(1), requires_grad=quantizer not in fixed)

    def forward(self, value: Tensor) -> Tensor:
        """What the block gives for what it reads (frames, channels, height, width)."""

        def ended(node: Node, value: Tensor) -> Tensor:
            quantizer = self.network.quantizers.get(node.name)
            return _rounded(value, self._step(quantizer), self._found.grids[quantizer]) if quantizer else value

        return computed(self.block.nodes, {self.block.input: value}, self._weights, ended)[self.block.output]

    def optimizer(self, rates: Rates) -> torch.optim.Optimizer:
        """Adam, which moves a parameter by about its group's rate: `most` of each."""
        pairs = [(parameter, rates.move) for parameter in self._moves.values()]
        pairs += [(parameter, rates.factor) for part in (self._factors, self._stretches) for parameter in part.values()]
        for conv in self.block.convolutions:
            unit = self._found.steps[conv.quantizer] if conv.quantizer else self._found.layers[conv.name].scales.mean()
            pairs.append((self._biases[_key(conv.name)], rates.bias * float(unit)))
        groups: list[dict[str, Any]] = [{"params": [parameter], "most": most, "lr": most} for parameter, most in pairs]
        return torch.optim.Adam(groups, eps=_LEAST)

    @torch.no_grad()
    def quantized(self) -> Quantized:
        """The network that it is of, with the block as it is now."""
        layers, steps = dict(self._found.layers), dict(self._found.steps)
        for conv in self.block.convolutions:
            integers, before = self._integers(conv), layers[conv.name]
            scales = before.scales * self._factors[_key(conv.name)].exp().double()
            bias = self._bias(conv, integers).double()
            layers[conv.name] = QuantizedLayer(integers.round().double(), scales, bias, before.error, before.rounding)
        for quantizer in self.block.quantizers(self.network):
            steps[quantizer] *= float(self._stretches[_key(quantizer)].exp())
        return Quantized(layers, steps, self._found.grids)

    def _weights(self, conv: Conv) -> tuple[Tensor, Tensor]:
        integers = self._integers(conv)
        scales = self._found.layers[conv.name].scales.float() * self._factors[_key(conv.name)].exp()
        weight = (integers * scales.reshape(-1, 1, 1, 1)).contiguous(memory_format=torch.channels_last)
        return weight, self._bias(conv, integers)

    def _integers(self, conv: Conv) -> Tensor:
        """As floats, the gradient straight through; equal but for a float's last bits."""
        layer, moves, most = self._found.layers[conv.name], self._moves[_key(conv.name)], self._most[conv.name]
        if conv.name in self._white:
            moves = self._white[conv.name].weights(moves) / layer.scales.float().reshape(-1, 1, 1, 1)
        levels = (layer.integers.float() + moves).clamp(-most, most)
        return levels + (levels.round() - levels).detach()

    def _bias(self, conv: Conv, integers: Tensor) -> Tensor:
        """Along white directions, so that the mean of the sums stays what the bias alone says."""
        layer, bias = self._found.layers[conv.name], self._biases[_key(conv.name)]
        if conv.name not in self._white:
            return bias
        made = (integers - layer.integers.float()) * layer.scales.float().reshape(-1, 1, 1, 1)
        return bias - self._factors[_key(conv.name)].exp() * self._white[conv.name].sums(made)

    def _step(self, quantizer: str) -> Tensor:
        return self._found.steps[quantizer] * self._stretches[_key(quantizer)].exp()


def _rounded(values: Tensor, step: Tensor, grid: Grid) -> Tensor:
    if not grid.low:
        return fake_quantize(values, step, grid.high)
    steps = (values / step).clamp(grid.low, grid.high)
    return (steps + (steps.round() - steps).detach()) * step


def _key(name: str) -> str:
    """PyTorch has no dots in the names of parameters."""
    return name.replace(".", "/")
