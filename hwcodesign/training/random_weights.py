"""Random weights in place of trained ones, to compile, plan and verify a network that has no data.

Nothing about such a network's accuracy means anything. Everything else does: integers, cycles, resources, equality.
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from hwcodesign.nets.build import NetworkModule
from hwcodesign.recipe import Recipe
from hwcodesign.training.network import build, save_weights

IMAGES = 4  # to set batch norm with, and as many others for the reference


def initialise(recipe: Recipe, out_folder: Path) -> Path:
    """Write best.pt: the recipe's network with PyTorch's own initial weights, drawn from the recipe's seed.

    Batch norm takes its statistics from random images, so that activations fill their quantizers' range (see
    FIRST_CLIP in nets/blocks.py) as trained ones do. Raises UserError as `train.build` does.
    """
    torch.set_num_threads(recipe.train.threads)
    torch.manual_seed(recipe.train.seed)
    model = build(recipe)
    _set_batch_norm(model, random_images(recipe, recipe.train.seed))
    checkpoint = out_folder / "best.pt"
    save_weights(recipe, model, checkpoint)
    return checkpoint


def random_images(recipe: Recipe, seed: int) -> np.ndarray:
    """uint8 (IMAGES, H, W, C): every pixel of its own, uniformly distributed."""
    shape = (IMAGES, *recipe.data.size, recipe.data.channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def reference_images(recipe: Recipe) -> np.ndarray:
    """Random images that batch norm was not set with."""
    return random_images(recipe, recipe.train.seed + 1)


def describe(recipe: Recipe) -> str:
    """What stands in every result that comes from such weights."""
    return f"UNTRAINED (random weights, seed {recipe.train.seed})"


def _set_batch_norm(model: NetworkModule, images: np.ndarray) -> None:
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = None  # the plain mean of what it sees, not a moving one
    model.train()
    with torch.no_grad():
        model(torch.from_numpy(images.transpose(0, 3, 1, 2).copy()).float())
