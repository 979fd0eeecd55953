from pathlib import Path

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.explore.study import load_study
from tests.explore.studies import PLANNED, TRAINED, write


def test_a_study_gives_recipes(tmp_path: Path) -> None:
    study = load_study(write(PLANNED, tmp_path))
    assert (study.count, study.budget, study.trains) == (16, 16, False)
    params = {"network.SR": 0.5, "network.base_e": 8, "network.pool_after": '["conv1", "fire2"]'}
    recipe = study.recipe_at({**params, "hardware.frame_rate": 1000})
    assert recipe.network["pool_after"] == ["conv1", "fire2"]
    assert (recipe.network["base_e"], recipe.hardware.frame_rate, recipe.network["bypass"]) == (8, 1000, "simple")


WRONG = {
    "a key that no recipe has": ('"network.SR"', '"network.SQ"', "SR"),
    "a table that no recipe has": ('"network.SR"', '"nets.SR"', "TABLE.KEY.*did you mean 'network'"),
    "a key without its table": ('"network.SR"', '"SR"', r"TABLE.KEY; did you mean 'network\.SR'"),
    "a key without quotation marks": ('"network.SR"', "network.SR", "the key in quotation marks"),
    "a layer that no network has": (
        '"network.SR" = [0.125, 0.5]',
        '"quantization.layers.fire2.squeeez.weight_bits" = [2, 4]',
        r"no value of .*quantization\.layers\.fire2\.squeeez: did you mean 'fire2\.squeeze'",
    ),
    "a key of a layer that is none": (
        '"network.SR" = [0.125, 0.5]',
        '"quantization.layers.conv1.weight_bit" = [2, 4]',
        "unknown key 'quantization.layers.conv1.weight_bit': did you mean 'weight_bits'",
    ),
    "a rung's key that is none": ("[search]", '[[rungs]]\nname = "a"\nepochs = 3\n[search]', "rungs.0.epochs"),
    "a rung called as the first step": ("[search]", '[[rungs]]\nname = "search"\n[search]', "and not 'search'"),
    "a training's key without a training": ('"network.SR" = [0.125, 0.5]', '"train.epochs" = [1, 2]', "nothing is tr"),
    "a date": ("[0.125, 0.5]", "[2026-01-31]", "which 2026-01-31 is not"),
    "no number": ('"hardware.frame_rate" = [1000, 20000]', '"hardware.frame_rate" = [nan, 1000]', "which nan is not"),
    "a range that misses its end": ("high = 16, step = 8", "high = 30, step = 8", "those of 8 lead to 24 and 32"),
    "a range without an end": ("high = 16, step = 8", "high = 1000000000", "at most 10,000 values"),
    "a range that falls": ("high = 16, step = 8", "high = 1", r"must be low <= high and step > 0$"),
    "an objective twice": ('"lut"]', '"lut", "lut"]', "every objective is there once"),
    "less than nothing": ("[search]", "[at_most]\nlut = -5\n[search]", "at_most.lut = -5: must be 0 or more"),
    "a bound of an unknown objective": ("[search]", "[at_most]\nluts = 5\n[search]", "unknown key 'at_most.luts'"),
    "the base's tables": ("[space]", "tables = {}\n[space]", "unknown key 'tables'"),
    "an empty list": ("[0.125, 0.5]", "[]", r"space.network.SR = \[\]: must be at least 1 value"),
    "half a range": ("[0.125, 0.5]", "{ low = 1 }", "or { low, high, step }"),
    "a board that is none": (
        "[1000, 20000]",
        '[1000]\n"hardware.board" = ["ulx3s-85f", "icebraker"]',
        "space.hardware.board: there is no board 'icebraker': did you mean 'icebreaker'",
    ),
    "a value twice": ("[0.125, 0.5]", "[0.125, 0.125]", "twice"),
    "values that a recipe refuses": ('"hardware.frame_rate" = [1000, 20000]', '"hardware.frame_rate" = [-1]', "frame"),
    "an unknown objective": ('"lut"]', '"luts"]', "did you mean 'lut'"),
    "accuracy without training": ('"lut"]', '"accuracy"]', "rungs"),
    "a figure of another task": ('"lut"]', '"reconstruction_error"]', "rungs"),
    "another version": ('name = "planned"', 'name = "planned"\nversion = 2', "1, the version"),
    "a name that is a path": ('name = "planned"', 'name = "../planned"', "name = '../planned': must be 1 to 64 of the"),
    "an unknown recipe": ('"digits-squeezenet"', '"digits-squeezent"', "did you mean"),
    "an unknown sampler": ('"all"', '"tpee"', "did you mean"),
    "a space without a network": ("[0.125, 0.5]", "[0.001]", "none of the 8 points of the space.*network.SR"),
    "bounds that contradict each other": (
        "[search]",
        "[at_least]\nlut = 10\n[at_most]\nlut = 5\n[search]",
        "lut at least 10",
    ),
}


@pytest.mark.parametrize("fault", WRONG)
def test_what_is_wrong_is_said(fault: str, tmp_path: Path) -> None:
    right, wrong, message = WRONG[fault]
    assert PLANNED.count(right) == 1
    with pytest.raises(UserError, match=message):
        load_study(write(PLANNED.replace(right, wrong), tmp_path))


def test_an_empty_space_says_what_belongs_there(tmp_path: Path) -> None:
    space = PLANNED[PLANNED.index("[space]") : PLANNED.index("[search]")]
    with pytest.raises(UserError, match=r'space is empty: at least 1 key .* such as "network\.SR"'):
        load_study(write(PLANNED.replace(space, "[space]\n"), tmp_path))


def test_a_rungs_training_is_looked_at_before_the_first_point(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="rung short: train: unknown key 'epoch': did you mean 'epochs'"):
        load_study(write(TRAINED.replace("epochs = 1", "epoch = 1"), tmp_path))
    with pytest.raises(UserError, match="rung short: train: epochs = -1: must be"):
        load_study(write(TRAINED.replace("epochs = 1", "epochs = -1"), tmp_path))


def test_what_training_tells_is_the_figure_of_the_recipes_task(tmp_path: Path) -> None:
    wrong = TRAINED.replace('"accuracy"', '"reconstruction_error"')
    with pytest.raises(UserError, match=r"objective reconstruction_error: .* not trained for it; say accuracy"):
        load_study(write(wrong, tmp_path))
    varied = '"network.base_e" = [4, 8]\n"network.incr_e" = [0, 4]'
    assert varied in wrong
    anomalies = wrong.replace("digits-squeezenet", "digits-anomaly").replace(varied, '"network.units" = [8, 16]')
    found = load_study(write(anomalies, tmp_path))
    assert found.directions[0] == "minimize" and found.metric.key == "mse"
    with pytest.raises(UserError, match=r"space\.data\.task: points of different tasks"):
        load_study(write(TRAINED.replace(varied, '"data.task" = ["classify"]'), tmp_path))


def test_a_training_is_varied_by_the_space_or_set_by_a_rung(tmp_path: Path) -> None:
    varied = TRAINED.replace('"network.incr_e" = [0, 4]', '"train.epochs" = [1, 2]')
    load_study(write(varied.replace("[1, 2]", "[12]"), tmp_path))  # for the recipe that is picked
    with pytest.raises(UserError, match=r"rung short sets train\.epochs .* and space\.train\.epochs varies it"):
        load_study(write(varied, tmp_path))


def test_accuracy_is_a_share(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"at_least\.accuracy = 90: must be a share of 1, such as 0\.9"):
        load_study(write(TRAINED.replace("[search]", "[at_least]\naccuracy = 90\n[search]"), tmp_path))


def test_a_key_is_not_blamed_for_anothers_first_value(tmp_path: Path) -> None:
    study = load_study(
        write(PLANNED.replace("[1000, 20000]", '[-1, 1000]\n"quantization.weight_bits" = [2]'), tmp_path)
    )
    assert study.count == 16


def test_layers_have_bits_of_their_own(tmp_path: Path) -> None:
    key = "quantization.layers.fire2.squeeze.weight_bits"
    study = load_study(write(PLANNED.replace('"network.SR" = [0.125, 0.5]', f'"{key}" = [2, 3]'), tmp_path))
    recipe = study.recipe_at({key: 3})
    assert recipe.describe().weight_bits(recipe.quantization.to_quantization())["fire2.squeeze"] == 3


def test_a_large_space_without_a_network_is_noticed(tmp_path: Path) -> None:
    many = PLANNED.replace("[1000, 20000]", "{ low = 1000, high = 2000 }").replace("[0.125, 0.5]", '["a"]')
    with pytest.raises(UserError, match=r"none of 64 points, drawn from 4,004, is a network"):
        load_study(write(many, tmp_path))


def test_rungs_have_different_names(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="different names"):
        load_study(write(TRAINED.replace('"long"', '"short"'), tmp_path))
