"""The float network that a quantization starts from, and what all others are measured against."""

from collections.abc import Callable, Mapping

import numpy as np
import torch

from hwcodesign.export.float_weights import Weights
from hwcodesign.nets.build import NetworkModule, float_module
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
