"""Layers of low rank: what two convolutions compute, what is kept, what it costs, and which ranks are none."""

import numpy as np
import pytest
import torch

from hwcodesign.core.errors import UserError
from hwcodesign.quantize.low_rank import decomposed, low_rank, ranks_by_energy, ranks_by_size, require_ranks
from tests.quantize import small

NETWORK = small.network()
WEIGHTS = small.weights(NETWORK)
LAYERS = decomposed(NETWORK, WEIGHTS)
WHOLE = sum(layer.whole for layer in LAYERS.values())


def test_two_convolutions_are_the_one() -> None:
    name, rank = "fire2.expand3x3", 3
    first, second = LAYERS[name].at(rank)
    assert first.weight.shape == (3, 8, 3, 3) and second.weight.shape == (8, 3, 1, 1)
    assert first.weight.size + second.weight.size == rank * LAYERS[name].parameters_of_one
    values = torch.rand(2, 8, 6, 6, generator=torch.Generator().manual_seed(0))

    def run(values: torch.Tensor, weights, pad: int) -> torch.Tensor:
        return torch.nn.functional.conv2d(values, *(torch.from_numpy(part) for part in weights), padding=pad)

    both, one = run(run(values, first, 1), second, 0), run(values, LAYERS[name].product(rank), 1)
    assert torch.allclose(both, one, atol=1e-5)


def test_a_matrix_of_that_rank_is_kept_whole() -> None:
    made = LAYERS["fire3.squeeze"].product(2)
    again = decomposed(NETWORK, WEIGHTS | {"fire3.squeeze": made})["fire3.squeeze"]
    assert again.energy[1] == pytest.approx(1) and np.allclose(again.product(2).weight, made.weight, atol=1e-6)


@pytest.mark.parametrize("energy", [0.3, 0.8, 1.0])
def test_energy_is_kept_by_the_smallest_rank_that_does(energy: float) -> None:
    ranks = ranks_by_energy(LAYERS, energy)
    made, parameters = low_rank(WEIGHTS, LAYERS, ranks)
    for name, rank in ranks.items():
        kept = (made[name].weight.astype(np.float64) ** 2).sum() / (WEIGHTS[name].weight.astype(np.float64) ** 2).sum()
        assert kept > energy - 1e-6 and (rank == 1 or LAYERS[name].energy[rank - 2] < energy)
    every = sum(w.weight.size + w.bias.size for w in WEIGHTS.values())
    assert parameters < every if ranks else parameters == every
    assert all(np.array_equal(made[name].weight, WEIGHTS[name].weight) for name in WEIGHTS if name not in ranks)


@pytest.mark.parametrize("share", [0.25, 0.5, 0.9, 1.0])
def test_a_size_is_filled_and_not_exceeded(share: float) -> None:
    most = int(share * WHOLE)
    ranks = ranks_by_size(LAYERS, most)
    taken = sum(ranks[n] * x.parameters_of_one if n in ranks else x.whole for n, x in LAYERS.items())
    assert most - max(layer.parameters_of_one for layer in LAYERS.values()) < taken <= most


def test_what_is_no_rank() -> None:
    for energy in (0.0, -1.0, 1.5):
        with pytest.raises(UserError, match="it is a share, more than 0 and at most 1"):
            ranks_by_energy(LAYERS, energy)
    with pytest.raises(UserError, match=r"rank 1 in all 8 layers takes 288"):
        ranks_by_size(LAYERS, 10)
    require_ranks(LAYERS, {"conv1": 6})
    for rank in (0, 7):
        with pytest.raises(UserError, match=rf"conv1: rank {rank} .*take 1 to 6"):
            require_ranks(LAYERS, {"conv1": rank})
    with pytest.raises(UserError, match=r"did you mean 'fire2.squeeze'"):
        require_ranks(LAYERS, {"fire2.squeez": 1})
