"""Bits rise where rounding costs most, and no further than the answers need."""

from itertools import pairwise

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.export.float_weights import Weights
from hwcodesign.quantize.accuracy_drop import Round, raised
from hwcodesign.quantize.float_network import scores, with_weights
from hwcodesign.recipe import Recipe
from tests.quantize.small import images, network, weights

NETWORK = {"family": "squeezenet", "base_e": 16, "incr_e": 0, "fire_modules": 2, "SR": 0.5, "conv1_filters": 8,
           "conv1_kernel": 3, "pool_after": ["conv1"]}  # fmt: skip


def recipe(bits: int) -> Recipe:
    tables = {"network": NETWORK, "data": {"dataset": "none", "size": (20, 20), "channels": 3, "classes": 5}}
    return Recipe.trained(tables | {"quantization": {"weight_bits": bits, "activation_bits": 8, "stored_scales": True}})


def undecided(pixels: np.ndarray) -> dict[str, Weights]:
    """Float weights whose answers are close to each other, so that they differ from image to image."""
    found = weights(network())
    mean = scores(with_weights(recipe(8), found), pixels).mean(0)
    found["conv4"] = Weights(found["conv4"].weight, found["conv4"].bias + (mean.max() - mean).astype(np.float32))
    return found


def test_bits_rise_until_answers_are_kept() -> None:
    tried: list[Round] = []
    pixels = images(24)
    made = raised(recipe(2), undecided(pixels), pixels, 5, None, tried.append)
    assert len(tried) > 1 and tried[0].kept < 0.95 <= tried[-1].kept
    assert all(step.kept < 0.95 for step in tried[:-1])
    bits = made.describe().weight_bits(made.quantization.to_quantization())
    assert bits == tried[-1].weight_bits and min(bits.values()) < max(bits.values())
    for before, after in pairwise(tried):
        risen = [name for name in bits if after.weight_bits[name] > before.weight_bits[name]]
        assert len(risen) == 2  # of eight layers


def test_enough_bits_stay_as_they_are_and_too_much_is_refused() -> None:
    given = recipe(8)
    assert raised(given, weights(network()), images(12), 50, 0.0) is given
    with pytest.raises(UserError, match=r"with 8 bits everywhere .* keep their class; allow"):
        raised(given, weights(network()), images(24), -1, 0.0)  # more than all
