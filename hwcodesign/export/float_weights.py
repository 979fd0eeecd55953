"""Float weights of a network, matched to the layers that they are for.

Deep Compression, ncnn and most state_dicts know other names than ours, or none: a file's convolutions are matched to
the network's in order, by their shapes; those that read the same value (the two halves of a Fire module) in any order.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import write_whole
from hwcodesign.core.windows import both
from hwcodesign.nets.network import Conv, Network

_SHOWN = 8


class Weights(NamedTuple):
    """One convolution's: `weight` float32 (filters, channels, height, width), `bias` float32 (filters,)."""

    weight: np.ndarray
    bias: np.ndarray


def shape_of(network: Network, conv: Conv) -> tuple[int, int, int, int]:
    """(filters, channels, height, width) of its weights."""
    return conv.filters, network.shapes[conv.input][2] // conv.groups, *both(conv.kernel)


def in_order(path: Path, network: Network, convolutions: Sequence[tuple[str, Weights]]) -> dict[str, Weights]:
    """The file's (name, weights) as the network's, by order and shape. Raises UserError: which do not match."""
    rest, found, faults = list(network.convolutions), {}, []
    for name, weights in convolutions:
        shape = weights.weight.shape
        next_ones = [conv for conv in rest if conv.input == rest[0].input]
        fitting = next((conv for conv in next_ones if shape_of(network, conv) == shape), None)
        if fitting is None:
            there = " or ".join(f"{conv.name} {shape_of(network, conv)}" for conv in next_ones) or "nothing more"
            faults.append(f"{name} has the shape {shape}, where the network has {there}")
            break  # what follows is shifted
        rest.remove(fitting)
        found[fitting.name] = weights
    if not faults and rest:
        faults.append(f"it has no weights for {', '.join(conv.name for conv in rest[:_SHOWN])}")
    if faults:
        raise UserError(f"{path} is of another network: {faults[0]} ({len(found)} convolutions before it match)")
    return found


def by_name(network: Network, tensors: Mapping[str, np.ndarray]) -> dict[str, Weights] | None:
    """The weights if `tensors` have our names and shapes (fire2.squeeze.weight, .bias), and those alone; else None."""
    found = {}
    for conv in network.convolutions:
        weight, bias = tensors.get(f"{conv.name}.weight"), tensors.get(f"{conv.name}.bias")
        if weight is None or weight.shape != shape_of(network, conv):
            return None
        found[conv.name] = Weights(weight, np.zeros(conv.filters, np.float32) if bias is None else bias)
    every = {name for name, tensor in tensors.items() if name.endswith(".weight") and tensor.ndim > 1}
    return found if every == {f"{name}.weight" for name in found} else None


def write_file(path: Path, content: bytes) -> int:
    """Put the file of weights there in one step; returns its bytes. Raises UserError if that cannot be done."""
    try:
        write_whole(path, content)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from None
    return len(content)
