"""Layers of low rank as a recipe of their own: the very scores of the product, and a network that hardware takes."""

from pathlib import Path

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.nets.network import require_hardware
from hwcodesign.quantize.float_file import read_weights
from hwcodesign.quantize.float_network import scores, with_weights
from hwcodesign.quantize.low_rank import decomposed, low_rank
from hwcodesign.recipe import Recipe, load_recipe
from hwcodesign.start.low_rank_recipe import write_low_rank
from tests.quantize import small

NET = {"family": "squeezenet", "base_e": 16, "incr_e": 0, "fire_modules": 2, "SR": 0.5, "conv1_filters": 8,
       "conv1_kernel": 3, "pool_after": ["conv1"]}  # fmt: skip
DATA = {"dataset": "none", "size": (20, 20), "channels": 3, "classes": 5, "mean": [100.0, 110.0, 120.0]}
RANKS = {"conv1": 2, "fire2.expand3x3": 3, "conv4": 1}


def recipe(side: int = 20, **keys) -> Recipe:
    return Recipe(name="small", network=NET | keys, data=DATA | {"size": (side, side)}, hardware={"board": "none"})


def test_two_convolutions_give_the_scores_of_their_product(tmp_path: Path) -> None:
    network, weights, images = small.network(), small.weights(small.network()), small.images(4)
    layers = decomposed(network, weights)
    product, parameters = low_rank(weights, layers, RANKS)
    out = tmp_path / "low.safetensors"
    made = load_recipe(str(write_low_rank(out, recipe(), weights, layers, RANKS)))
    require_hardware(made.describe())
    assert made.data.mean == (100.0, 110.0, 120.0)
    read = read_weights(out, made.describe())
    assert sum(w.weight.size + w.bias.size for w in read.values()) == parameters + sum(RANKS.values())  # unused biases
    one = scores(with_weights(recipe(), product), images)
    assert np.allclose(scores(with_weights(made, read), images), one, atol=1e-4 * np.abs(one).max())
    write_low_rank(out, recipe(), weights, layers, RANKS)  # once more, over its own


def test_pools_round_as_they_did(tmp_path: Path) -> None:
    rounding = recipe(side=22, pool_ceil=True)
    layers = decomposed(small.network(), small.weights(small.network()))
    out = tmp_path / "low.safetensors"
    made = load_recipe(str(write_low_rank(out, rounding, small.weights(small.network()), layers, RANKS)))
    assert made.describe().shapes["pool1"] == rounding.describe().shapes["pool1"]
    assert made.describe().shapes["pool1"] != recipe(side=22).describe().shapes["pool1"]


def test_what_it_does_not_write(tmp_path: Path) -> None:
    weights = small.weights(small.network())
    layers = decomposed(small.network(), weights)
    mine = tmp_path / "low.toml"
    mine.write_text("mine")
    with pytest.raises(UserError, match="was not made by this command"):
        write_low_rank(tmp_path / "low.safetensors", recipe(), weights, layers, RANKS)
    assert mine.read_text() == "mine"
