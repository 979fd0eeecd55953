"""A checkpoint in training's own arithmetic: its scores in steps, and what its quantizers see."""

from pathlib import Path

import numpy as np
import pytest
import torch

from hwcodesign.core.errors import UserError
from hwcodesign.export.checkpoint_network import TrainedNetwork
from hwcodesign.recipe import load_recipe
from hwcodesign.training.checkpoint import write_checkpoint
from hwcodesign.training.network import build

RECIPE = load_recipe("digits-squeezenet")
FRAMES = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 1), dtype=np.uint8)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("checkpoint") / "best.pt"
    write_checkpoint(path, RECIPE, {"model": build(RECIPE).eval().state_dict()})
    return path


@pytest.fixture(scope="module")
def network(checkpoint: Path) -> TrainedNetwork:
    return TrainedNetwork(checkpoint)


def test_scores_are_integers_and_do_not_depend_on_the_batch(network: TrainedNetwork) -> None:
    told: list[int] = []
    whole = network.scores(FRAMES, told.append)
    assert whole.dtype == np.int64 and whole.shape[0] == 3 and told == [3]
    assert (np.concatenate([network.scores(frame[None], told.append) for frame in FRAMES]) == whole).all()


def test_every_quantizer_gives_levels_within_its_bits(network: TrainedNetwork) -> None:
    levels = network.levels(FRAMES[0])
    assert {"conv1", "fire2.squeeze"} <= levels.keys()
    most = 2**RECIPE.quantization.activation_bits - 1
    assert all(level.ndim == 3 and level.min() >= 0 and level.max() <= most for level in levels.values())


def test_what_quantizers_get_rounds_to_what_they_give(network: TrainedNetwork) -> None:
    before, levels = network.activations_in_steps(FRAMES[:1]), network.levels(FRAMES[0])
    most = 2**RECIPE.quantization.activation_bits - 1
    first = np.clip(np.round(before["conv1"]), 0, most).reshape(levels["conv1"].transpose(2, 0, 1).shape)
    assert (first.transpose(1, 2, 0) == levels["conv1"]).mean() > 0.999  # float32 rounds some differently


def test_weights_in_steps_are_within_the_range_of_their_bits(network: TrainedNetwork) -> None:
    bits = RECIPE.describe().weight_bits(RECIPE.quantization.to_quantization())
    for name, weights in network.weights_in_steps().items():
        assert np.abs(weights).max() <= 2 ** (bits[name] - 1) - 0.5


def test_without_quantizers_scores_are_real(checkpoint: Path) -> None:
    found = TrainedNetwork(checkpoint, quantized=False).scores(FRAMES, lambda done: None)
    assert found.dtype == np.float64 and (found != np.rint(found)).any()


def test_a_missing_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no checkpoint"):
        TrainedNetwork(tmp_path / "none.pt")
