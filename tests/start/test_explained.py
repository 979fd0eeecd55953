"""A recipe is printed as it is, or explained key by key: what it says, what a default says, what --set says."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from hwcodesign.cli.recipe import command
from hwcodesign.core.assets import asset_folder
from hwcodesign.core.errors import UserError
from hwcodesign.recipe import Recipe, load_recipe
from hwcodesign.start.explained import CHANGED, DEFAULT, GIVEN, keys_of

TABLES = ("network", "quantization", "data", "train", "hardware")


def test_a_recipe_is_printed_to_be_changed_and_run(tmp_path: Path) -> None:
    printed = CliRunner().invoke(command, ["digits-squeezenet"]).stdout
    (tmp_path / "mine.toml").write_text(printed)
    shipped = load_recipe("digits-squeezenet")
    assert load_recipe(str(tmp_path / "mine.toml")) == shipped.model_copy(update={"name": "mine"})


def test_every_key_stands_there_with_where_it_comes_from() -> None:
    recipe = load_recipe("digits-squeezenet", {"train.epochs": 3})
    keys = {f"{table}.{key.name}": key for table in TABLES for key in keys_of(recipe, table, {"train.epochs": 3})}
    assert (keys["network.SR"].value, keys["network.SR"].origin) == ("0.5", GIVEN)
    assert (keys["network.freq"].value, keys["network.freq"].origin) == ("2", DEFAULT)
    assert (keys["train.epochs"].value, keys["train.epochs"].origin) == ("3", CHANGED)
    assert (keys["network.pool_after"].value, keys["hardware.clock_mhz"].value) == ('["conv1", "fire3"]', "left out")
    assert keys["data.classes"].meaning


@pytest.mark.parametrize("table", [table for table in TABLES if table != "network"])
def test_every_key_has_a_meaning(table: str) -> None:
    model = Recipe.model_fields[table].annotation
    assert model is not None
    assert all(field.description for field in model.model_fields.values())  # type: ignore[attr-defined]


def test_all_recipes_that_ship_can_be_explained() -> None:
    for path in asset_folder("models").glob("*.toml"):
        recipe = load_recipe(str(path))
        for table in TABLES:
            assert keys_of(recipe, table, {})


def test_the_explanation_is_shown() -> None:
    shown = CliRunner().invoke(command, ["digits-squeezenet", "--explain", "--set", "network.SR=0.25"]).stdout
    assert all(word in shown for word in ("[network]", "SR", "0.25", "--set", "frame_rate", "[hardware]"))


def test_a_change_that_is_not_shown_is_refused() -> None:
    refused = CliRunner().invoke(command, ["digits-squeezenet", "--set", "train.epochs=3"]).exception
    assert isinstance(refused, UserError)
    assert "--explain shows it changed" in str(refused)


def test_readme_shows_the_recipe_that_the_command_prints() -> None:
    readme = (Path(sys.modules[__name__].__file__ or "").parents[2] / "README.md").read_text()
    assert f"```toml\n{CliRunner().invoke(command, ['digits-squeezenet']).stdout}```" in readme
