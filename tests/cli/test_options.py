from pathlib import Path

import pytest
from click.testing import CliRunner

from hwcodesign.cli import cli
from hwcodesign.recipe import load_recipe, with_keys


@pytest.mark.parametrize(
    ("text", "expected"), [("network.SR=0.25", 0.25), ('network.pool_after=["conv1"]', ["conv1"]), ("a.b=text", "text")]
)
def test_a_value_is_read_as_toml_has_it(text: str, expected: object) -> None:
    from hwcodesign.cli.options import KeyValue

    assert KeyValue().convert(text, None, None) == (text.split("=", maxsplit=1)[0], expected)


@pytest.mark.parametrize("wrong", ["network.SR", "SR=1", "network.=1"])
def test_what_is_no_key_and_value_is_refused(wrong: str) -> None:
    result = CliRunner().invoke(cli, ["check", "digits-squeezenet", "--set", wrong])
    assert result.exit_code == 2
    assert "TABLE.KEY=VALUE" in result.output


def test_changes_go_into_the_recipe_and_are_checked_there(tmp_path: Path) -> None:
    recipe = load_recipe("digits-squeezenet", {"network.SR": 0.25, "train.epochs": 3, "hardware.fold.fire2": {"pe": 2}})
    assert (recipe.network["SR"], recipe.train.epochs, recipe.hardware.fold) == (0.25, 3, {"fire2": {"pe": 2}})
    with pytest.raises(Exception, match="did you mean 'epochs'"):
        load_recipe("digits-squeezenet", {"train.epoch": 3})


def test_the_tables_stay_as_they_are() -> None:
    tables = {"network": {"SR": 1}}
    assert with_keys(tables, {"network.SR": 2, "data.size": [8, 8]}) == {"network": {"SR": 2}, "data": {"size": [8, 8]}}
    assert tables == {"network": {"SR": 1}}
