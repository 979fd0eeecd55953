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
    "an empty list": ("[0.125, 0.5]", "[]", "at least 1"),
    "a value twice": ("[0.125, 0.5]", "[0.125, 0.125]", "twice"),
    "values that a recipe refuses": ('"hardware.frame_rate" = [1000, 20000]', '"hardware.frame_rate" = [-1]', "frame"),
    "an unknown objective": ('"lut"]', '"luts"]', "did you mean 'lut'"),
    "accuracy without training": ('"lut"]', '"accuracy"]', "rungs"),
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


def test_rungs_have_different_names(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="different names"):
        load_study(write(TRAINED.replace('"long"', '"short"'), tmp_path))
