"""Post-training quantization layer by layer, each against what the float network gives: one pass, no training.

For a convolution with float inputs x and inputs u of the network quantized so far:
  1. its weights are fitted anew to u, so that its sums come near to those on x (rounding.refitted);
  2. every filter gets a scale, its weights are rounded one after the other, both then improved (rounding.integers_for);
  3. its bias makes the mean of every sum what it was;
  4. the step of its activations is the one, of many, after which they differ least from the float ones.
What of an error goes with the float signal counts for more than noise in 1, 2 and 4 (coherence).
Nothing is random but the places at which sums are compared, and these are drawn from a fixed seed.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from hwcodesign.core.errors import UserError
from hwcodesign.export.float_weights import Weights
from hwcodesign.nets.network import INPUT, Conv, Network, Node
from hwcodesign.quantize.best_steps import best_steps
from hwcodesign.quantize.coherence import OF_STEPS, weighed
from hwcodesign.quantize.moments import Moments
from hwcodesign.quantize.quantized import Quantized, QuantizedLayer, activated, apply, convolved, grids, pixels_of
from hwcodesign.quantize.rounding import errors, integers_for, refitted
from hwcodesign.quantize.windows import drawn_places, windows_at

_WINDOWS = 60_000  # inputs of a layer that are looked at, spread over all images
_VALUES = 400_000  # of an activation, likewise
_BATCH = 8  # images at once
_SEED = 0
_LEAST_ENERGY = 1e-30  # of a layer's sums, so that a layer of zeros has an error

_Pair = tuple[Tensor, Tensor]  # a batch's values (images, C, height, width) in the float network, and quantized


@dataclass(frozen=True)
class Progress:
    """What is told after each convolution: its name, what was found, seconds since the start."""

    layer: str
    found: QuantizedLayer
    seconds: float


@dataclass(frozen=True)
class Method:
    """Steps 1 and 2: `fit` as `rounding.refitted`, `rounding` as `rounding.integers_for`.

    With `signal_first` errors that go with the signal count more (`coherence`), in these and in step 4.
    """

    fit: Callable[[Tensor, Tensor, Tensor], Tensor] = refitted
    rounding: Callable[[Tensor, Tensor, int, bool], tuple[Tensor, Tensor]] = integers_for
    signal_first: bool = True


LAYERWISE = Method()


@torch.no_grad()
def quantize(
    network: Network,
    weights: Mapping[str, Weights],
    images: np.ndarray,
    weight_bits: Mapping[str, int],
    activation_bits: Mapping[str, int],
    numbers: tuple[float, float] = (0.0, 255.0),
    on_layer: Callable[[Progress], None] = lambda progress: None,
    device: str = "cpu",
    method: Method = LAYERWISE,
    done: Mapping[str, QuantizedLayer] = MappingProxyType({}),
) -> Quantized:
    """`network` with `weights` quantized, from calibration `images` (uint8 NHWC).

    `weight_bits` of every convolution and `activation_bits` of every quantizer; `numbers` are (mean, divisor) of the
    pixels; another `method` is for comparisons; `done` are layers that an interrupted quantization has found already.
    Raises UserError for bits below 2, and for an activation that is 0 on every image.
    """
    _require_bits(weight_bits, activation_bits)
    work = _Work(network, weights, images, weight_bits, activation_bits, numbers, torch.device(device), method, done)
    begin = time.monotonic()
    for node in network.nodes:
        work.run(node)
        if isinstance(node, Conv):
            on_layer(Progress(node.name, work.result.layers[node.name], time.monotonic() - begin))
    for quantizer in list(work.open):
        work.close(quantizer)
    return work.result


class _Work:
    """The values of both networks, between the layers that gave them and those that read them, batch by batch."""

    def __init__(
        self,
        network: Network,
        weights: Mapping[str, Weights],
        images: np.ndarray,
        weight_bits: Mapping[str, int],
        activation_bits: Mapping[str, int],
        numbers: tuple[float, float],
        where: torch.device,
        method: Method,
        done: Mapping[str, QuantizedLayer],
    ) -> None:
        self.network, self.weights, self.where, self.method, self.done = network, weights, where, method, done
        self.weight_bits = weight_bits
        self.result = Quantized(grids=grids(network, activation_bits))
        batches = [images[i : i + _BATCH] for i in range(0, len(images), _BATCH)]
        pixels = [pixels_of(batch, numbers).to(where, memory_format=torch.channels_last) for batch in batches]
        self.values: dict[str, list[_Pair]] = {INPUT: [(part, part) for part in pixels]}
        self.images = len(images)
        self.readers = {name: sum(n.inputs.count(name) for n in network.nodes) for name in network.shapes}
        self.open: dict[str, list[str]] = {}  # quantizers without a step, and the nodes whose sums wait for one
        self.random = np.random.default_rng(_SEED)

    def run(self, node: Node) -> None:
        """Compute `node` for both networks; its quantizer waits until all its nodes are computed, or one is read."""
        inputs = [self._read(name) for name in node.inputs]
        if isinstance(node, Conv):
            self.values[node.name] = self._convolution(node, inputs[0])
        else:
            self.values[node.name] = [_applied(node, pairs) for pairs in _consumed(inputs)]
        quantizer = self.network.quantizers.get(node.name)
        if quantizer and quantizer in self.result.steps:
            self._quantize(node.name, quantizer)
        elif quantizer:
            self.open.setdefault(quantizer, []).append(node.name)

    def close(self, quantizer: str) -> None:
        """Give `quantizer` its step, and quantize what waits for it."""
        names, grid = self.open.pop(quantizer), self.result.grids[quantizer]
        pairs = [pair for name in names for pair in self._some(self.values[name])]
        wanted, given = (torch.cat(part) for part in zip(*pairs, strict=True))
        wanted, along = activated(self.network, quantizer, wanted), OF_STEPS if self.method.signal_first else 0.0
        step = float(best_steps(wanted[None], given[None], grid, along))
        if not step:
            raise UserError(f"{quantizer.removesuffix('.quantizer')} is dead: its activations are 0 on every "
                            "calibration image; look at its weights and biases, or give other images")  # fmt: skip
        self.result.steps[quantizer] = step
        for name in names:
            self._quantize(name, quantizer)

    def _read(self, name: str) -> list[_Pair]:
        """A list of the reader's own, which may empty it."""
        waiting = next((quantizer for quantizer, names in self.open.items() if name in names), None)
        if waiting:
            self.close(waiting)
        self.readers[name] -= 1
        return self.values.pop(name) if self.readers[name] == 0 else list(self.values[name])

    def _quantize(self, name: str, quantizer: str) -> None:
        grid, step, pairs = self.result.grids[quantizer], self.result.steps[quantizer], self.values[name]
        for i, (wanted, given) in enumerate(pairs):
            pairs[i] = activated(self.network, quantizer, wanted), grid.rounded(given, step)

    def _convolution(self, conv: Conv, pairs: list[_Pair]) -> list[_Pair]:
        weight, bias = (torch.from_numpy(np.array(p, np.float64)).to(self.where) for p in self.weights[conv.name])
        rows, columns, _ = self.network.shapes[conv.name]
        places = drawn_places(rows * columns, self.images, _WINDOWS, self.random)
        if (layer := self.done.get(conv.name)) is None:
            moments = _moments(conv, pairs, places)
            parts = weight.flatten(1).chunk(conv.groups), bias.chunk(conv.groups), moments.mean, moments.covariance
            layer = _joined([self._group(conv, *group) for group in zip(*parts, strict=True)], weight.shape)
        self.result.layers[conv.name] = layer
        wanted, made = _in_float32(weight, bias), _in_float32(layer.weight.to(self.where), layer.bias.to(self.where))
        return [(convolved(conv, x, *wanted), convolved(conv, u, *made)) for ((x, u),) in _consumed([pairs])]

    def _group(self, conv: Conv, flat: Tensor, bias: Tensor, means: Tensor, covariances: Tensor) -> "_Group":
        """Filters `flat` (O, K) with `bias` (O,), of `_moments` of their windows."""
        mean_a, mean_b = means.chunk(2)
        (energy, cross), (_, covariance) = (half.chunk(2, 1) for half in covariances.chunk(2))
        wanted, counted = weighed(energy, cross, covariance) if self.method.signal_first else (cross, covariance)
        fitted = self.method.fit(flat, counted, wanted)
        integers, scales = self.method.rounding(fitted, counted, self.weight_bits[conv.name], conv.quantizer is None)
        made = integers * scales[:, None]
        corrected = bias + flat @ mean_a - made @ mean_b
        missed = errors(torch.cat([flat, -made], 1), covariances).sum().clamp(min=0)
        rounding = errors(fitted - made, covariance).sum()
        return _Group(integers, scales, corrected, float(errors(flat, energy).sum()), float(missed), float(rounding))

    def _some(self, pairs: list[_Pair]) -> Iterator[_Pair]:
        for wanted, given in pairs:
            count = -(-_VALUES * len(wanted) // self.images)
            chosen = torch.from_numpy(self.random.integers(wanted.numel(), size=count)).to(self.where)
            yield wanted.flatten()[chosen], given.flatten()[chosen]


class _Group(NamedTuple):
    """What was found for the filters of one group; the energy of their sums, and of what these miss."""

    integers: Tensor
    scales: Tensor
    bias: Tensor
    energy: float
    missed: float
    rounding: float


def _joined(groups: Sequence[_Group], shape: torch.Size) -> QuantizedLayer:
    integers, scales, bias = (torch.cat(part).cpu() for part in list(zip(*groups, strict=True))[:3])
    energy = max(sum(group.energy for group in groups), _LEAST_ENERGY)
    error, rounding = (sum(part) / energy for part in list(zip(*groups, strict=True))[4:])
    return QuantizedLayer(integers.reshape(shape), scales, bias, error, rounding)


def _consumed(inputs: list[list[_Pair]]) -> Iterator[list[_Pair]]:
    """Of each batch its pair of every input; none is kept behind the next."""
    while inputs[0]:
        yield [pairs.pop(0) for pairs in inputs]


def _applied(node: Node, pairs: list[_Pair]) -> _Pair:
    wanted, given = zip(*pairs, strict=True)
    return apply(node, list(wanted)), apply(node, list(given))


def _moments(conv: Conv, pairs: list[_Pair], places: list[Tensor]) -> Moments:
    """Of float windows a and quantized windows b side by side: (groups, 2 K)."""
    found, begin = Moments(), 0
    for pair in pairs:
        some = places[begin : begin + len(pair[0])]
        found.add(torch.cat([windows_at(conv, values, some) for values in pair], 2))
        begin += len(some)
    return found


def _in_float32(weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    return weight.float().contiguous(memory_format=torch.channels_last), bias.float()


def _require_bits(weight_bits: Mapping[str, int], activation_bits: Mapping[str, int]) -> None:
    for name, bits in (*weight_bits.items(), *activation_bits.items()):
        if bits < 2:
            raise UserError(f"{name.removesuffix('.quantizer')}: 1 bit takes training; quantize to at least 2 bits")
