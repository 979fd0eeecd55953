"""From a network's description to PyTorch: in float, quantized to train, and frozen to know its exact meaning."""

import copy
from collections.abc import Mapping

import numpy as np
from torch import Tensor, nn

from hwcodesign.core.errors import UserError
from hwcodesign.core.score_map import ScoreMap
from hwcodesign.nets import blocks
from hwcodesign.nets.network import (
    INPUT,
    Add,
    AvgPool,
    Concat,
    Conv,
    GlobalAvgPool,
    Level,
    LocalResponseNorm,
    MaxPool,
    Moving,
    Network,
    Node,
    Quantization,
    Requantize,
    averaged_pixels,
    cuts_windows,
    of_pixels,
    require_hardware,
)


class NetworkModule(nn.Module):
    """Runs a network's nodes in order. Every node, and every quantizer, is the submodule at the path of its name.

    Input: raw pixels 0..255 as floats, (frames, channels, height, width). Output: scores (frames, classes),
    or (frames, height * width * channels) where they are a map, channels innermost.
    """

    def __init__(self, network: Network, pixels: nn.Module, layers: dict[str, nn.Module]) -> None:
        super().__init__()
        self.network = network
        self.pixels = pixels
        self.quantizers = _quantizers(network)
        for path, layer in sorted(layers.items()):
            _place(self, path, layer)

    def forward(self, raw: Tensor) -> Tensor:
        values = {INPUT: self.pixels(raw)}
        for node in self.network.nodes:
            value = self.get_submodule(node.name)(*(values[name] for name in node.inputs))
            value = blocks.leaked(node, value)
            quantizer = self.network.quantizers.get(node.name)
            values[node.name] = value if quantizer is None else self.get_submodule(quantizer)(value)
        last = self.network.nodes[-1].name
        scores = values[last]
        if self.network.shapes[last][:2] != (1, 1):  # as hardware gives a map: pixel by pixel
            scores = scores.permute(0, 2, 3, 1)
        return scores.flatten(1)


def float_module(network: Network, mean: Level = 0.0, divisor: Level = 255.0) -> NetworkModule:
    """The plain network: convolutions with bias, ReLU, no batch norm. Its parameters are `Network.parameters`."""
    layers = {node.name: _float_layer(network, node) for node in network.nodes}
    for name in _quantizers(network):
        rectifier = nn.Hardtanh(0.0, network.relu_ends[name]) if name in network.relu_ends else nn.ReLU()
        layers[name] = nn.Identity() if name in network.signed_quantizers else rectifier
    return NetworkModule(network, blocks.PixelsToNumbers(mean, divisor), layers)


def quantized_module(
    network: Network, quantization: Quantization, mean: float = 0.0, divisor: float = 255.0
) -> NetworkModule:
    """The network to train with quantization in the loop (Brevitas).

    Raises UserError for what hardware could not compute exactly: a mean other than 0 before a convolution that pads
    (a padded pixel would have to hold the mean) or gives raw scores (no threshold can take the mean in), padding of
    bipolar values (there is no 0), a node of no supported hardware layer.
    """
    _require_exact(network, quantization, mean)
    bits = network.weight_bits(quantization)
    layers: dict[str, nn.Module] = {}
    for node in network.nodes:
        if isinstance(node, Conv):
            layers[node.name] = blocks.QuantizedConv(
                node, network.shapes[node.input][2], bits[node.name], quantization.stored_scales
            )
        else:
            layers[node.name] = _float_layer(network, node)
    for name, count in network.activation_bits(quantization).items():
        layers[name] = blocks.activation(count, signed=name in network.signed_quantizers)
    return NetworkModule(network, blocks.PixelsToNumbers(mean, divisor), layers)


def freeze(trained: NetworkModule) -> NetworkModule:
    """The exact meaning of a quantized network: weights and scales as exported (float32), evaluated in float64.

    In float32 an activation within 1e-6 of a rounding boundary may fall on either side, and the hardware, whose
    thresholds are computed in float64, would differ.
    """
    live = copy.deepcopy(trained).cpu().eval()
    layers = {node.name: _frozen_layer(live, node) for node in live.network.nodes}
    layers |= {name: blocks.FrozenActivation(live.get_submodule(name)) for name in live.quantizers}
    return NetworkModule(live.network, live.pixels, layers).double().eval()


def score_map(exact: NetworkModule) -> ScoreMap:
    """What a frozen network's integer scores stand for: the step of all of them, and the bias of each class.

    Every value is an integer times its step: a quantizer sets it, a convolution without one multiplies the steps of
    weights and values, and the mean over P pixels is the integers' sum at a P-th of the step.
    """
    network, bias = exact.network, 0.0
    steps = {INPUT: 1.0 / float(exact.pixels.divisor)}
    for node in network.nodes:
        layer, quantizer = exact.get_submodule(node.name), network.quantizers.get(node.name)
        step = steps[node.inputs[0]]
        if quantizer is not None:
            step = float(exact.get_submodule(quantizer).scale)
        elif isinstance(node, Conv):
            step *= float(layer.scale)
            bias = 0.0 if layer.bias is None else layer.bias.flatten().numpy()
        elif isinstance(node, AvgPool | GlobalAvgPool):
            step /= averaged_pixels(network, node)
        steps[node.name] = step
    last = network.nodes[-1].name
    shape = network.shapes[last]
    if shape[:2] == (1, 1):
        return ScoreMap.of(steps[last], bias)
    return ScoreMap.of_map(shape, *(np.broadcast_to(numbers, shape[2]) for numbers in (steps[last], bias)))


def _frozen_layer(live: NetworkModule, node: Node) -> nn.Module:
    layer = live.get_submodule(node.name)
    return blocks.FrozenConv(layer) if isinstance(layer, blocks.QuantizedConv) else _float_layer(live.network, node)


_WITHOUT_NUMBERS = {Requantize: nn.Identity, Concat: blocks.Concat, Add: blocks.Add}


def _float_layer(network: Network, node: Node) -> nn.Module:
    match node:
        case Conv():
            return blocks.FloatConv(node, network.shapes[node.input][2])
        case MaxPool() | AvgPool():
            pool = nn.MaxPool2d if isinstance(node, MaxPool) else nn.AvgPool2d
            ceil = cuts_windows(node, network.shapes[node.input])
            return pool(node.kernel, node.stride, node.pad, ceil_mode=ceil)
        case LocalResponseNorm():
            return nn.LocalResponseNorm(node.size)
        case GlobalAvgPool():
            return nn.AdaptiveAvgPool2d(1)
        case Moving():
            return blocks.Moved(node)
        case Requantize() | Concat() | Add():
            return _WITHOUT_NUMBERS[type(node)]()


def _quantizers(network: Network) -> list[str]:
    """The names of all activation quantizers, each once: nodes that name the same one share it."""
    return sorted(set(network.quantizers.values()))


def _place(root: nn.Module, path: str, layer: nn.Module) -> None:
    """Make `layer` the submodule of `root` at the dotted `path`."""
    *parents, name = path.split(".")
    for parent in parents:
        _require_free(root, parent, path)
        if parent not in root._modules:
            root.add_module(parent, nn.Module())
        root = root.get_submodule(parent)
    _require_free(root, name, path)
    root.add_module(name, layer)


def is_taken(part: str) -> bool:
    """Whether no layer, nor a module of layers, can be called so: PyTorch's modules, or ours, have a use for it."""
    return hasattr(nn.Module(), part) or part in ("network", "pixels", "quantizers")


def _require_free(root: nn.Module, part: str, path: str) -> None:
    if hasattr(root, part) and part not in root._modules:
        raise UserError(f"{path}: a layer cannot be called {part!r}, which PyTorch's modules have a use for")


def _require_exact(network: Network, quantization: Quantization, mean: float) -> None:
    require_hardware(network)
    activation_bits = network.activation_bits(quantization)
    for node in network.nodes:
        padded, from_pixels = isinstance(node, Conv | AvgPool) and node.pad, of_pixels(network, node.inputs[0])
        if padded and from_pixels and mean != 0:
            raise UserError(
                f"{node.name}: data.mean = {mean:g} cannot be folded into a layer that pads its input with 0; "
                f"use mean = 0, or no padding in {node.name}"
            )
        if isinstance(node, Conv) and node.quantizer is None and from_pixels and mean != 0:
            raise UserError(
                f"{node.name}: data.mean = {mean:g} cannot be folded into raw scores, which have no thresholds; "
                f"use mean = 0, or a layer with a quantizer before {node.name}"
            )
        if padded and not from_pixels and _bits_of(network, node.inputs[0], activation_bits) == 1:
            raise UserError(
                f"{node.name}: 1-bit activations are -1 or +1, and padding puts 0 between them; "
                f"use activation_bits of at least 2, or no padding"
            )


def _bits_of(network: Network, name: str, activation_bits: Mapping[str, int]) -> int:
    """Bits of the values that node `name` gives, or hands on from the node before it."""
    by_name = {node.name: node for node in network.nodes}
    while name not in network.quantizers:
        name = by_name[name].inputs[0]
    return activation_bits[network.quantizers[name]]
