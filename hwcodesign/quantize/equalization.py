"""Channels of one activation quantizer brought nearer to each other, before anything is quantized.

ReLU, pools over windows and concatenations let a positive factor through: filter c of the layers before is divided by
s_c, the weights that read channel c are multiplied by it, and the network stays the same function. With all channels
alike a step suits them all, which matters most for activations of few bits.

Source: M. Nagel et al., Data-free quantization through weight equalization and bias correction, 2019; to a power, as in
G. Xiao et al., SmoothQuant, 2022. The factor is that of the steps which would suit each channel by itself: among
channels of few but large values, and of many small ones, those of the same mean square take steps that are far apart.
Where weights have fewer bits than what they read, the steps are those of as few: then energies count, not peaks.
"""

from collections.abc import Mapping

import numpy as np

from hwcodesign.export.float_weights import Weights
from hwcodesign.nets.network import Add, AvgPool, Concat, Conv, MaxPool, Network

_FURTHEST = 8.0  # the largest factor, and its inverse the smallest
_PART = 0.5


def equalized(
    network: Network, weights: Mapping[str, Weights], steps: Mapping[str, np.ndarray], strengths: Mapping[str, float]
) -> dict[str, Weights]:
    """`weights` of the same function with channels that take more equal steps.

    `steps` of every convolution's activations by channel (filters,), 0: a dead one; by quantizer its `strengths`: 0
    changes nothing, 1 makes all of its channels alike. Values that an add, a global average or the scores take are left
    alone, and those behind a ReLU that ends, which is at the same number for all channels.
    """
    found = {name: Weights(np.array(w.weight, np.float64), np.array(w.bias, np.float64)) for name, w in weights.items()}
    for quantizer, sources, readers in _values(network):
        step, strength = np.concatenate([steps[name] for name in sources]), strengths[quantizer]
        alive = step > 0
        if not strength or not alive.any():
            continue
        factor = np.ones(len(step))
        factor[alive] = (step[alive] / np.exp(np.log(step[alive]).mean())) ** strength
        factor = np.clip(factor, 1 / _FURTHEST, _FURTHEST)
        begin = 0
        for name in sources:
            filters = len(found[name].bias)
            part = factor[begin : begin + filters]
            found[name] = Weights(found[name].weight / part[:, None, None, None], found[name].bias / part)
            begin += filters
        for name in readers:
            found[name] = Weights(found[name].weight * factor[None, :, None, None], found[name].bias)
    return {name: Weights(w.weight.astype(np.float32), w.bias.astype(np.float32)) for name, w in found.items()}


def fewest_bits(network: Network, weight_bits: Mapping[str, int], activation_bits: Mapping[str, int]) -> dict[str, int]:
    """By quantizer its activations' bits or those of the weights that read them, whichever are fewer."""
    found = dict(activation_bits)
    for quantizer, _, readers in _values(network):
        found[quantizer] = min(found[quantizer], *(weight_bits[name] for name in readers))
    return found


def fitting_strengths(activation_bits: Mapping[str, int], fewest: Mapping[str, int]) -> dict[str, float]:
    """By quantizer how far its channels are best made alike.

    Wholly, but where those who read them have weights of fewer bits: these pay for it with weights that are less alike.
    """
    return {name: 1.0 if bits == fewest[name] else _PART for name, bits in activation_bits.items()}


def _values(network: Network) -> list[tuple[str, list[str], list[str]]]:
    """Of each value its quantizer, the convolutions that give its channels in order, and those that read them.

    Where all are known.
    """
    by_name = {node.name: node for node in network.nodes}
    sources: dict[str, list[str]] = {}
    readers: dict[tuple[str, ...], list[str]] = {}
    closed: set[tuple[str, ...]] = set()
    for node in network.nodes:
        match node:
            case Conv():
                sources[node.name] = [node.name]
            case MaxPool() | AvgPool():
                sources[node.name] = sources[node.input]
            case Concat() if all(sources[name] for name in node.inputs):
                sources[node.name] = [conv for name in node.inputs for conv in sources[name]]
            case _:
                sources[node.name] = []
        for name in node.inputs:
            key = tuple(sources.get(name, ()))
            if isinstance(node, Conv) and node.groups == 1:
                readers.setdefault(key, []).append(node.name)
            elif not sources[node.name]:
                closed.add(key)
    quantizers = {name: conv.quantizer for name, conv in by_name.items() if isinstance(conv, Conv)}
    fixed = {q for node in network.nodes if isinstance(node, Add) for name in node.inputs for q in
             [quantizers.get(source) for source in sources[name]]} | network.relu_ends.keys()  # fmt: skip
    found = []
    for key, reading in readers.items():
        used = {quantizers[name] for name in key}
        whole = all(set(key) >= {n for n, q in quantizers.items() if q == quantizer} for quantizer in used)
        overlapping = any(set(key) & set(other) for other in (*closed, *readers) if other != key)
        if len(used) == 1 and None not in used and whole and not overlapping and not used & fixed and key not in closed:
            found.append((network.quantizers[key[0]], list(key), reading))
    return found
