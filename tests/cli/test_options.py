from pathlib import Path

import pytest
from click import Context
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


def test_a_layers_name_may_have_points() -> None:
    changed = with_keys({}, {"quantization.layers.fire2.squeeze.weight_bits": 2, "hardware.fold.conv1.pe": 4})
    assert changed["quantization"] == {"layers": {"fire2.squeeze": {"weight_bits": 2}}}
    assert changed["hardware"] == {"fold": {"conv1": {"pe": 4}}}


def options_of(command: str) -> set[str]:
    made = cli.get_command(Context(cli), command)
    assert made is not None
    return {name for parameter in made.params for name in parameter.opts if name.startswith("--")}


@pytest.mark.parametrize("stage", ["train", "export", "lower", "plan", "emit", "simulate"])
def test_a_stage_has_options_of_its_own_and_all_of_them_are_a_runs_too(stage: str) -> None:
    assert options_of(stage) < options_of("run")


def test_what_a_command_does_not_do_is_no_option_of_it() -> None:
    assert {"--epochs", "--data", "--frame-rate"} <= options_of("train")
    assert not {"--wave", "--seed", "--input-scale"} & options_of("train")
    assert not {"--epochs", "--frame-rate", "--seed"} & options_of("simulate")
    assert not {"--epochs", "--wave"} & (options_of("check") | options_of("quantize") | options_of("plan"))
