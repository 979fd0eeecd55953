"""Random weights: the same every time, labelled everywhere, and with activations that use their whole range."""

import numpy as np
import torch

from hwcodesign.export.qonnx import export
from hwcodesign.recipe import Recipe
from hwcodesign.training import random_weights
from hwcodesign.training.network import load_trained

RECIPE = Recipe(
    name="small", hardware={"board": "icebreaker"},
    network={"family": "squeezenet", "base_e": 16, "incr_e": 0, "fire_modules": 2, "conv1_filters": 8,
             "conv1_kernel": 3, "conv1_stride": 1, "pool_after": ["fire2"], "pool_kernel": 2, "bypass": "simple"},
    data={"dataset": "none", "size": (24, 24), "channels": 3, "classes": 20},
)  # fmt: skip


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    other = RECIPE.model_copy(update={"train": RECIPE.train.model_copy(update={"seed": 2})})
    first, again, second = (
        random_weights.initialise(recipe, tmp_path / str(i)).read_bytes()
        for i, recipe in enumerate((RECIPE, RECIPE, other))
    )
    assert first == again != second


@torch.no_grad()
def test_activations_use_nearly_all_of_their_16_levels(tmp_path):
    model = load_trained(RECIPE, random_weights.initialise(RECIPE, tmp_path))
    levels: dict[str, set[float]] = {name: set() for name in model.quantizers}
    for name in model.quantizers:
        quantizer, found = model.get_submodule(name), levels[name]
        quantizer.register_forward_hook(
            lambda layer, _, output, found=found: found.update((output / layer.act_quant.scale()).flatten().tolist())
        )
    model(torch.from_numpy(random_weights.reference_images(RECIPE).transpose(0, 3, 1, 2)).float())
    for name, found in levels.items():
        assert len({round(level) for level in found}) > 12, name


def test_the_reference_says_that_nothing_was_trained(tmp_path):
    checkpoint = random_weights.initialise(RECIPE, tmp_path)
    reference = export(RECIPE, checkpoint, tmp_path / "export", random_weights=True).reference
    told = {"top1": None, "split": "random", "images": 4, "weights": "UNTRAINED (random weights, seed 1)"}
    assert told.items() <= reference.items()
    with np.load(tmp_path / "export" / "reference.npz") as arrays:
        assert "labels" not in arrays
        assert not np.array_equal(arrays["images"], random_weights.random_images(RECIPE, RECIPE.train.seed))
        assert len(np.unique(arrays["integer_scores"])) > 10
