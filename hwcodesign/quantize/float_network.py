"""The float network that a quantization starts from, and what all others are measured against."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch

from hwcodesign.core.classified import top5
from hwcodesign.core.progress import frames_bar
from hwcodesign.data import load_dataset
from hwcodesign.export.float_weights import Weights
from hwcodesign.nets.build import NetworkModule, float_module
from hwcodesign.quantize.float_file import read_weights
from hwcodesign.recipe import Recipe

_BATCH = 16


def with_weights(recipe: Recipe, weights: Mapping[str, Weights]) -> NetworkModule:
    """`recipe`'s network in float with `weights` of every convolution; it takes raw pixels."""
    module = float_module(recipe.describe(), recipe.data.mean, recipe.data.divisor)
    with torch.no_grad():
        for name, (weight, bias) in weights.items():
            layer = module.get_submodule(name)
            layer.weight.copy_(torch.from_numpy(np.array(weight)))
            layer.bias.copy_(torch.from_numpy(np.array(bias)))
    return module.eval()


@torch.no_grad()
def scores(
    module: torch.nn.Module, images: np.ndarray, on_frames: Callable[[int], None] = lambda done: None
) -> np.ndarray:
    """float32 (images, classes) of uint8 `images` (images, H, W, C)."""
    where = next(module.parameters()).device
    module = module.to(memory_format=torch.channels_last)
    found = []
    for start in range(0, len(images), _BATCH):
        part = images[start : start + _BATCH].transpose(0, 3, 1, 2)
        raw = torch.from_numpy(np.ascontiguousarray(part)).to(where).float()
        found.append(module(raw.contiguous(memory_format=torch.channels_last)).cpu().numpy())
        on_frames(min(start + _BATCH, len(images)))
    return np.concatenate(found)


def accuracy(recipe: Recipe, weights: Path, data_folder: Path | None) -> dict[str, float]:
    """top1, and top5 where the recipe asks for it, of the float network on the held-out images."""
    rows, _ = accuracies(recipe, {"float": read_weights(weights, recipe.describe())}, data_folder)
    return rows["float"]


def accuracies(
    recipe: Recipe, networks: Mapping[str, Mapping[str, Weights]], data_folder: Path | None, most: int | None = None
) -> tuple[dict[str, dict[str, float]], int]:
    """The same of several float `networks` by name, and the number of held-out images: `most` of them, evenly spaced.

    `most` None: all.
    """
    dataset = load_dataset(recipe.data, data_folder, training=False)
    every = len(dataset.test_images)
    count = min(most or every, every)
    chosen = np.arange(count) * every // count
    images, labels = dataset.test_images[chosen], dataset.test_labels[chosen]
    torch.set_num_threads(recipe.train.threads)
    rows = {}
    for name, weights in networks.items():
        with frames_bar(f"{name} network", count) as on_frames:
            found = scores(with_weights(recipe, weights), images, on_frames)
        rows[name] = {"top1": float((found.argmax(1) == labels).mean())}
        rows[name] |= {"top5": top5(found, labels)} if recipe.data.top5 else {}
    return rows, count
