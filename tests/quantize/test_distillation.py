"""Against the float network, without labels: nearer to it, and the same bits after an interruption."""

import copy
import math

import numpy as np
import pytest
import torch

from hwcodesign.quantize import distillation
from hwcodesign.quantize.distillation import STATE, distil, pupil
from hwcodesign.quantize.float_network import with_weights
from hwcodesign.quantize.from_weights import quantize_network, with_stored_scales
from hwcodesign.quantize.trainable import Rates
from hwcodesign.recipe import Recipe, TrainTable
from tests.quantize import small

NET = {"family": "squeezenet", "base_e": 16, "incr_e": 0, "fire_modules": 1, "SR": 0.5, "conv1_filters": 8,
       "conv1_kernel": 3, "pool_after": ["conv1"]}  # fmt: skip
RECIPE = with_stored_scales(
    Recipe(network=NET, data={"dataset": "none", "size": (20, 20), "channels": 3, "classes": 5},
           hardware={"board": "none"}, quantization={"weight_bits": 2, "activation_bits": 3})
)  # fmt: skip
SCHEDULE = TrainTable(batch_size=8)
VARIED = TrainTable(batch_size=8, zoom=0.7, contrast=0.2, sharpness=1, mixup=0.4, cutmix=1, float_precision="bfloat16")
NUMBERS = RECIPE.data.scalars


@pytest.fixture(scope="module")
def networks():
    """A quantized network and its teacher, made once."""
    weights = small.weights(small.network(fire_modules=1))
    found = quantize_network(RECIPE, weights, small.images(8), None)
    network = RECIPE.describe()
    bits = network.weight_bits(RECIPE.quantization.to_quantization())
    return pupil(network, found, bits, small.images(8), NUMBERS), with_weights(RECIPE, weights)


@pytest.mark.parametrize("schedule", [SCHEDULE, VARIED])
def test_it_comes_nearer_and_goes_on_where_it_was(networks, tmp_path, monkeypatch, schedule):
    monkeypatch.setattr(distillation, "_RATES", Rates(move=0.01, factor=0.003, bias=0.05))  # two epochs are short
    pixels, (start, teacher) = small.images(32, seed=3), networks
    start = copy.deepcopy(start)
    with torch.no_grad():  # what no distillation would leave
        for name, parameter in start.named_parameters():
            if "biases" in name or "moves" in name:
                parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)))
    whole = copy.deepcopy(start)
    (tmp_path / "a").mkdir()
    steps = list[tuple[int, int]]()
    history = distil(
        whole, NUMBERS, teacher, pixels, 2, schedule, tmp_path / "a", on_step=lambda *told: steps.append(told)
    )
    assert steps == [(done, len(steps)) for done in range(1, len(steps) + 1)] and len(steps) == 2 * math.ceil(28 / 8)
    assert [entry["epoch"] for entry in history] == [0, 1, 2]
    assert min(entry["loss"] for entry in history[1:]) < history[0]["loss"]
    (tmp_path / "b").mkdir()
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(distillation, "_measured", interrupted(distillation._measured, at=2))
        distil(copy.deepcopy(start), NUMBERS, teacher, pixels, 2, schedule, tmp_path / "b")
    assert (tmp_path / "b" / STATE).exists()
    again = copy.deepcopy(start)
    assert distil(again, NUMBERS, teacher, pixels, 2, schedule, tmp_path / "b") == history
    left, right = whole.state_dict(), again.state_dict()
    assert all(torch.equal(left[key], right[key]) for key in left)


def interrupted(measured, at: int):
    def work(model, images, wanted, temperature, epoch):
        if epoch == at:
            raise KeyboardInterrupt
        return measured(model, images, wanted, temperature, epoch)

    return work


def test_an_epoch_that_harms_is_not_kept(networks, tmp_path, monkeypatch):
    monkeypatch.setattr(distillation, "_RATES", Rates(move=0.01, factor=0.0005, bias=50.0))
    start, teacher = networks
    model = copy.deepcopy(start)
    history = distil(model, NUMBERS, teacher, small.images(24), 1, SCHEDULE, tmp_path)
    assert history[1]["loss"] > history[0]["loss"]
    assert all(torch.equal(model.state_dict()[key], value) for key, value in start.state_dict().items())
    assert np.isfinite(history[1]["loss"])
