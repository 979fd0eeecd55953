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
    "a table that no recipe has": ('"network.SR"', '"nets.SR"', "TABLE.KEY"),
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
    "a name that is a path": ('name = "planned"', 'name = "../planned"', "name"),
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


def test_rungs_have_different_names(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="different names"):
        load_study(write(TRAINED.replace('"long"', '"short"'), tmp_path))
