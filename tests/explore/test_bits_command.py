"""The command: the recipe that is written runs within the budget; what is not there is said."""

import json
from pathlib import Path

import pytest

from hwcodesign.check.check import check_recipe
from hwcodesign.check.suggestions import predicted
from hwcodesign.core.errors import UserError
from hwcodesign.explore import bits_command
from hwcodesign.explore.bits_command import Request, bits_per_layer
from hwcodesign.graph.random_tensors import randomised
from hwcodesign.recipe import load_recipe


@pytest.mark.slow
def test_the_recipe_that_is_written_fits_the_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = randomised(predicted(load_recipe("digits-squeezenet")), 1)
    monkeypatch.setattr(bits_command, "trained_graph", lambda *arguments: graph)
    before = check_recipe(load_recipe("digits-squeezenet"))
    budget = {"lut": before.total.lut - 900, "block_ram": before.total.block_ram}
    request = Request("digits-squeezenet", {"at_most": budget, "solver_seconds": 100.0}, tmp_path, None, 8, 2)
    bits_per_layer(request, tmp_path / "made.toml", tmp_path / "made.json")
    made, document = load_recipe(str(tmp_path / "made.toml")), json.loads((tmp_path / "made.json").read_text())
    assert check_recipe(made).fits
    assert check_recipe(made).total.lut == document["used"]["lut"] <= budget["lut"]
    assert {name: bits.weight_bits for name, bits in made.quantization.layers.items()} == document["bits"]
    assert 0 <= document["loss_bound"] <= document["loss_summed"] * 1.001
    with pytest.raises(UserError, match="exists"):
        bits_per_layer(request, tmp_path / "made.toml", None)


def test_what_was_trained_as_another_network_is_told() -> None:
    recipe, fewer = load_recipe("digits-squeezenet"), {"network.fire_modules": 2, "network.pool_after": ["conv1"]}
    smaller = predicted(load_recipe("digits-squeezenet", fewer))
    bits_command.require_same_network(recipe, predicted(recipe))
    with pytest.raises(UserError, match=r"fire2\.squeeze gives \(8, 8, 16\) .* it gives \(8, 8, 8\)"):
        bits_command.require_same_network(load_recipe("digits-squeezenet", {"network.SR": 1.0}), predicted(recipe))
    with pytest.raises(UserError, match="there is none"):
        bits_command.require_same_network(recipe, smaller)


def test_what_is_not_trained_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not trained"):
        bits_per_layer(Request("digits-squeezenet", {}, tmp_path, None, 8, 2), tmp_path / "made.toml", None)
    with pytest.raises(UserError, match="at least 8"):
        bits_per_layer(Request("cifar10-squeezenet", {}, tmp_path, None, 2, 2), tmp_path / "made.toml", None)
