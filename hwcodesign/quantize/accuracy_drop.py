"""Bits raised where rounding costs most, until a quantized network answers calibration images as the float one does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from hwcodesign.core.errors import UserError
from hwcodesign.export.float_weights import Weights
from hwcodesign.quantize.float_network import scores, with_weights
from hwcodesign.quantize.from_weights import quantize_network, require_quantizable
from hwcodesign.quantize.quantized import Quantized, forward
from hwcodesign.recipe import LayerBitsTable, Recipe

MOST_BITS = 8
_AT_ONCE = 4  # one layer in four, or more, has its weights raised in a round
_BATCH = 16


@dataclass(frozen=True)
class Round:
    """One try: the share of images that kept the float network's class, and the bits."""

    kept: float
    weight_bits: Mapping[str, int]
    activation_bits: int


def raised(
    recipe: Recipe,
    weights: Mapping[str, Weights],
    images: np.ndarray,
    drop: float,
    equalization: float | None,
    on_round: Callable[[Round], None] = lambda tried: None,
) -> Recipe:
    """`recipe` with the bits at which at least 100 - `drop` percent of `images` keep the float network's class.

    The layers whose rounding makes the largest share of error get a bit more in each round; once all weights have
    eight, all activations do. Raises UserError if eight bits do not keep so many, and as
    quantization does.
    """
    require_quantizable(recipe.describe(), recipe)
    wanted = scores(with_weights(recipe, weights), images).argmax(1)
    while True:
        quantized = quantize_network(recipe, dict(weights), images, equalization)
        bits = recipe.describe().weight_bits(recipe.quantization.to_quantization())
        kept = float((_classes(recipe, quantized, images) == wanted).mean())
        on_round(Round(kept, bits, recipe.quantization.activation_bits))
        if 100 * kept >= 100 - drop:
            return recipe
        higher = _higher(recipe, bits, {name: layer.rounding for name, layer in quantized.layers.items()})
        if higher is None:
            raise UserError(f"--accuracy-drop {drop:g}: with {MOST_BITS} bits everywhere {100 * kept:.1f} % of the "
                            f"calibration images keep their class; allow {100 - 100 * kept:.1f}")  # fmt: skip
        recipe = higher


def _higher(recipe: Recipe, bits: Mapping[str, int], rounding: Mapping[str, float]) -> Recipe | None:
    """With the next bits; None if there are none."""
    quantization, changes = recipe.quantization, dict[str, Any]()
    low = sorted((name for name in bits if bits[name] < MOST_BITS), key=lambda name: -rounding[name])
    if low:
        layers = dict(quantization.layers)
        for name in low[: -(-len(bits) // _AT_ONCE)]:
            activations = layers.get(name, LayerBitsTable()).activation_bits
            layers[name] = LayerBitsTable(weight_bits=bits[name] + 1, activation_bits=activations)
        changes["layers"] = layers
    elif quantization.activation_bits < MOST_BITS:
        changes["activation_bits"] = quantization.activation_bits + 1
    else:
        return None
    return recipe.model_copy(update={"quantization": quantization.model_copy(update=changes)})


@torch.no_grad()
def _classes(recipe: Recipe, quantized: Quantized, images: np.ndarray) -> np.ndarray:
    network, found = recipe.describe(), []
    for start in range(0, len(images), _BATCH):
        raw = torch.from_numpy(images[start : start + _BATCH].transpose(0, 3, 1, 2).copy()).float()
        found.append(forward(network, quantized, raw, *recipe.data.scalars).argmax(1).numpy())
    return np.concatenate(found)
