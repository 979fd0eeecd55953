"""Convolutions as two of low rank, one after the other: fewer parameters, and nearly the same sums.

The weights (filters, channels, height, width) are taken as a matrix of a row for each filter; of its singular value
decomposition the largest `rank` values stay. What comes of it is a convolution of `rank` filters with the same window,
then one of 1x1 that mixes them (E. Denton et al., Exploiting linear structure within convolutional networks, 2014).
"""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from hwcodesign.core.errors import UserError, did_you_mean
from hwcodesign.export.float_weights import Weights
from hwcodesign.nets.network import Conv, Network, Node


@dataclass(frozen=True)
class LowRank:
    """One convolution's decomposition: `mixing` (filters, r), `values` (r,), falling, and `kernels` (r, C, h, w)."""

    bias: np.ndarray
    mixing: np.ndarray
    values: np.ndarray
    kernels: np.ndarray

    @property
    def parameters_of_one(self) -> int:
        """What each unit of rank costs."""
        return len(self.mixing) + int(np.prod(self.kernels.shape[1:]))

    @property
    def whole(self) -> int:
        """Weights of the convolution as it is."""
        return len(self.mixing) * int(np.prod(self.kernels.shape[1:]))

    @property
    def most(self) -> int:
        """The largest rank at which two convolutions have fewer weights than the one; 0 if there is none."""
        return min((self.whole - 1) // self.parameters_of_one, len(self.values))

    @cached_property
    def energy(self) -> np.ndarray:
        """By rank from 1 on: the share of the weights' squares that is kept, 0 to 1."""
        squares = self.values.astype(np.float64) ** 2
        total = squares.sum()
        return np.cumsum(squares) / total if total else np.ones(len(squares))

    def at(self, rank: int) -> tuple[Weights, Weights]:
        """Both convolutions: (rank, C, h, w) without biases, and (filters, rank, 1, 1) with them."""
        root = np.sqrt(self.values[:rank])
        kernels = (self.kernels[:rank] * root[:, None, None, None]).astype(np.float32)
        mixing = (self.mixing[:, :rank] * root).astype(np.float32)[:, :, None, None]
        return Weights(kernels, np.zeros(rank, np.float32)), Weights(mixing, self.bias)

    def product(self, rank: int) -> Weights:
        """The convolution that both are together."""
        first, second = self.at(rank)
        return Weights(np.tensordot(second.weight[:, :, 0, 0], first.weight, 1).astype(np.float32), self.bias)


def decomposed(network: Network, weights: Mapping[str, Weights]) -> dict[str, LowRank]:
    """Every convolution that has a rank to choose; those in groups have matrices too small to save anything."""
    found = {}
    for conv in network.convolutions:
        weight, bias = weights[conv.name]
        mixing, values, rows = np.linalg.svd(weight.reshape(len(weight), -1), full_matrices=False)
        layer = LowRank(bias, mixing, values, rows.reshape(-1, *weight.shape[1:]))
        if conv.groups == 1 and layer.most:
            found[conv.name] = layer
    return found


def ranks_by_energy(layers: Mapping[str, LowRank], energy: float) -> dict[str, int]:
    """The smallest rank of each layer that keeps the share `energy`; layers that would not shrink are left out.

    Raises UserError if that is no share.
    """
    if not 0 < energy <= 1:
        raise UserError(f"a kept energy of {energy:g}: it is a share, more than 0 and at most 1; try 0.9")
    ranks = {name: int(np.searchsorted(layer.energy, energy - 1e-9)) + 1 for name, layer in layers.items()}
    return {name: rank for name, rank in ranks.items() if rank <= layers[name].most}


def ranks_by_size(layers: Mapping[str, LowRank], parameters: int) -> dict[str, int]:
    """Ranks that keep the most energy with so many weights in these layers; a layer that is better whole is left out.

    One unit of rank after the other, each where a weight keeps the largest share of its layer's energy. Raises
    UserError if even rank 1 everywhere is more.
    """
    left = parameters - sum(layer.parameters_of_one for layer in layers.values())
    if left < 0:
        raise UserError(f"{parameters:,} weights are too few: rank 1 in all {len(layers)} layers takes "
                        f"{parameters - left:,}")  # fmt: skip
    ranks = dict.fromkeys(layers, 1)
    steps = [(-gain, name, cost) for name, layer in layers.items() for gain, cost in [_step(layer, 1)]]
    heapq.heapify(steps)
    while steps:
        _, name, cost = heapq.heappop(steps)
        if cost <= left:
            ranks[name], left = ranks[name] + 1, left - cost
            if ranks[name] <= layers[name].most:
                gain, cost = _step(layers[name], ranks[name])
                heapq.heappush(steps, (-gain, name, cost))
    return {name: rank for name, rank in ranks.items() if rank <= layers[name].most}


def _step(layer: LowRank, rank: int) -> tuple[float, int]:
    """What the next unit of rank gains in energy by each weight, and its weights; the last makes a layer whole."""
    if rank < layer.most:
        cost, energy = layer.parameters_of_one, float(layer.energy[rank])
    else:
        cost, energy = layer.whole - rank * layer.parameters_of_one, 1.0
    return (energy - float(layer.energy[rank - 1])) / cost, cost


def require_ranks(layers: Mapping[str, LowRank], ranks: Mapping[str, int]) -> None:
    """Raise UserError for a layer that is not there, or a rank at which it would not shrink."""
    for name, rank in ranks.items():
        if name not in layers:
            raise UserError(f"rank of {name!r}: there is no convolution of that name that two of low rank could be "
                            f"smaller than; {did_you_mean(name, layers)}")  # fmt: skip
        if not 1 <= rank <= layers[name].most:
            raise UserError(f"{name}: rank {rank} saves nothing: {layers[name].whole:,} weights are fewer than "
                            f"{rank} x {layers[name].parameters_of_one:,}; take 1 to {layers[name].most}")  # fmt: skip


def low_rank(
    weights: Mapping[str, Weights], layers: Mapping[str, LowRank], ranks: Mapping[str, int]
) -> tuple[dict[str, Weights], int]:
    """`weights` with the layers that have a rank as what their two convolutions compute; and how many parameters.

    Biases count, those of the first of two, which has none, do not.
    """
    made = {name: layers[name].product(ranks[name]) if name in ranks else w for name, w in weights.items()}
    parameters = sum(
        w.bias.size + (ranks[name] * layers[name].parameters_of_one if name in ranks else w.weight.size)
        for name, w in weights.items()
    )
    return made, parameters


def as_two(
    network: Network, weights: Mapping[str, Weights], layers: Mapping[str, LowRank], ranks: Mapping[str, int]
) -> tuple[tuple[Node, ...], dict[str, Weights]]:
    """The network's nodes with two convolutions, NAME_low and NAME, for each that has a rank; and the weights of all.

    What is between them may have either sign, so hardware gets a signed quantizer there.
    """
    nodes, found = list[Node](), dict[str, Weights]()
    for node in network.nodes:
        if not isinstance(node, Conv):
            nodes.append(node)
        elif node.name not in ranks:
            nodes.append(node)
            found[node.name] = weights[node.name]
        else:
            low, rank = f"{node.name}_low", ranks[node.name]
            nodes.append(replace(node, name=low, filters=rank, quantizer=f"{low}.quantizer", relu=False, leak=0.0))
            nodes.append(replace(node, input=low, kernel=1, stride=1, pad=0))
            found[low], found[node.name] = layers[node.name].at(rank)
    return tuple(nodes), found
