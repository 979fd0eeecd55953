"""How large a float network's activations are, channel by channel."""

from collections.abc import Mapping

import numpy as np
import torch

from hwcodesign.export.float_weights import Weights
from hwcodesign.nets.network import INPUT, Network
from hwcodesign.quantize.quantized import in_float

_BATCH = 8


@torch.no_grad()
def channel_sizes(
    network: Network,
    weights: Mapping[str, Weights],
    images: np.ndarray,
    numbers: tuple[float, float],
    device: str = "cpu",
) -> dict[str, np.ndarray]:
    """Of every convolution the root mean square of what it gives, behind its ReLU if it has one, by channel.

    Over `images` (uint8 NHWC).
    """
    where = torch.device(device)
    sums = {conv.name: torch.zeros(conv.filters, dtype=torch.float64) for conv in network.convolutions}
    for start in range(0, len(images), _BATCH):
        raw = torch.from_numpy(images[start : start + _BATCH].transpose(0, 3, 1, 2).copy()).to(where)
        values = in_float(network, network.nodes, {INPUT: (raw.float() - numbers[0]) / numbers[1]}, weights)
        for name in sums:
            sums[name] += values[name].double().square().mean((2, 3)).sum(0).cpu()
    return {name: (total / len(images)).sqrt().numpy() for name, total in sums.items()}
