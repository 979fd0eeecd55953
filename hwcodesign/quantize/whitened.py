"""Directions in which what a convolution reads is white, for a training that moves its weights in them.

Values behind ReLUs are positive, and neighbours alike: steps of Adam on single weights, which are equally large for
all, add up to shifts of the sums' mean and to moves along the few directions in which the inputs vary most. In
coordinates in which all directions of the inputs u weigh alike, a step moves the sums by as much whatever its
direction:

    W = W0 + S V (C + d I)^(-1/2)        C the covariance of u, d a share of its mean variance

trains V. S is a filter's standard deviation by the square root of K, its number of weights, so that a V whose elements
are one moves the sums by about as much as they vary. The bias takes back what a move makes of the mean of u.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hwcodesign.nets.network import Network
from hwcodesign.quantize.lesson import evenly_spaced
from hwcodesign.quantize.moments import Moments
from hwcodesign.quantize.quantized import Quantized, QuantizedLayer, pixels_of, values_of
from hwcodesign.quantize.windows import drawn_places, windows_at

_IMAGES = 128
_BATCH = 8  # of them at once
_WINDOWS = 25_000  # of all of them
_DAMPING = 0.05  # of the inputs' mean variance
_SEED = 0


@dataclass(frozen=True)
class White:
    """A convolution's `turn` (groups, K, K) with the sizes S (filters, 1) of its moves; its inputs' `mean` (groups, K).

    All float32; K weights has a filter.
    """

    turn: Tensor
    sizes: Tensor
    mean: Tensor

    def weights(self, moves: Tensor) -> Tensor:
        """How far weights (filters, C, height, width) are moved by V in the same form."""
        groups = len(self.turn)
        turned = moves.reshape(groups, -1, self.turn.shape[-1]) @ self.turn
        return (turned.flatten(0, 1) * self.sizes).reshape(moves.shape)

    def sums(self, weights: Tensor) -> Tensor:
        """The mean of what filters with `weights` (filters, C, height, width) add up, (filters,)."""
        groups = weights.reshape(len(self.mean), -1, self.mean.shape[-1])
        return (groups @ self.mean[:, :, None]).flatten()


@torch.no_grad()
def whitened(network: Network, found: Quantized, images: np.ndarray, numbers: tuple[float, float]) -> dict[str, White]:
    """Of every convolution of `network` as `found` has it; `numbers` are (mean, divisor) of `images` (uint8 NHWC)."""
    chosen = evenly_spaced(images, _IMAGES)
    random = np.random.default_rng(_SEED)
    moments = {conv.name: Moments() for conv in network.convolutions}
    for start in range(0, len(chosen), _BATCH):
        pixels = pixels_of(chosen[start : start + _BATCH], numbers)
        values = values_of(network, found, pixels)
        for conv in network.convolutions:
            rows, columns, _ = network.shapes[conv.name]
            places = drawn_places(rows * columns, len(pixels), -(-_WINDOWS * len(pixels) // len(chosen)), random)
            moments[conv.name].add(windows_at(conv, values[conv.input], places))
    return {name: _white(found.layers[name], moments[name]) for name in moments}


def _white(layer: QuantizedLayer, moments: Moments) -> White:
    mean, covariance = moments.mean, moments.covariance
    variances, directions = torch.linalg.eigh(covariance)
    variances = variances.clamp(min=0)
    damped = variances + (_DAMPING * variances.mean(1, keepdim=True)).clamp(min=torch.finfo(torch.float32).tiny)
    turn = (directions / damped.sqrt()[:, None, :]) @ directions.mT
    weight = layer.weight.reshape(len(mean), -1, mean.shape[1])
    energy = ((weight @ covariance) * weight).sum(2).clamp(min=0).flatten()
    sizes = (energy / mean.shape[1]).sqrt()[:, None]
    return White(turn.float(), sizes.float(), mean.float())
