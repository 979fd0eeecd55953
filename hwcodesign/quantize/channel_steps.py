"""What step a float network's activations would take, were each channel quantized by itself."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from hwcodesign.export.float_weights import Weights
from hwcodesign.nets.network import INPUT, Network
from hwcodesign.quantize.best_steps import best_steps
from hwcodesign.quantize.quantized import grids, in_float, pixels_of

_BATCH = 8
_VALUES = 8_000  # of a channel, spread over all images
_SEED = 0


@torch.no_grad()
def channel_steps(
    network: Network,
    weights: Mapping[str, Weights],
    images: np.ndarray,
    bits: Mapping[str, int],
    numbers: tuple[float, float],
) -> dict[str, np.ndarray]:
    """Of every convolution in front of a quantizer its channels' steps (filters,), of so many `bits` by quantizer.

    Over `images` (uint8 NHWC), `numbers` are their (mean, divisor). 0 for a channel that is 0 on all of them.
    """
    grid_of = grids(network, bits)
    convolutions = {conv.name: conv.quantizer for conv in network.convolutions if conv.quantizer}
    random, count = torch.Generator().manual_seed(_SEED), -(-_VALUES // len(images))
    some: dict[str, list[Tensor]] = {name: [] for name in convolutions}
    for start in range(0, len(images), _BATCH):
        pixels = pixels_of(images[start : start + _BATCH], numbers)
        values = in_float(network, network.nodes, {INPUT: pixels}, weights)
        for name, parts in some.items():
            rows = values[name].flatten(2)
            places = torch.randperm(rows.shape[2], generator=random)[:count]
            parts.append(rows[:, :, places].transpose(0, 1).flatten(1).clone())
    steps = {}
    for name, parts in some.items():
        values_of = torch.cat(parts, 1)
        steps[name] = best_steps(values_of, values_of, grid_of[convolutions[name]]).numpy()
    return steps
