from pathlib import Path

import pytest

from hwcodesign.check.check import check_recipe
from hwcodesign.core.errors import UserError
from hwcodesign.explore.study import load_study
from hwcodesign.explore.what_if import planned, what_if_study
from hwcodesign.recipe import find_recipe
from tests.explore.studies import PLANNED, write


def test_every_combination_is_what_check_says() -> None:
    study = what_if_study("digits-squeezenet", ["SR=0.25,0.5", "quantization.weight_bits=2,4", "bypass=none, simple"])
    assert list(study.space) == ["network.SR", "quantization.weight_bits", "network.bypass"]
    results = planned(study)
    assert len(results.points) == 8
    for point in results.points[::3]:
        report = check_recipe(study.recipe_at(point.params))
        assert (point.figures["lut"], point.figures["frame_rate"]) == (report.total.lut, report.frame_rate)
        assert bool(point.excluded) != report.fits
    assert results.front


def test_numbers_stand_beside_texts() -> None:
    assert list(what_if_study("digits-squeezenet", ["frame_rate=100,max"]).space["hardware.frame_rate"]) == [100, "max"]


def test_a_study_is_no_recipe(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a study, and --what-if is asked of a recipe"):
        what_if_study(str(write(PLANNED, tmp_path)), ["SR=0.5"])
    recipe = find_recipe("digits-squeezenet")
    with pytest.raises(UserError, match=r"digits-squeezenet\.toml is a recipe, and no study"):
        load_study(recipe)


@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        (["SQ=1"], "did you mean 'SR'"),
        (["SR"], "KEY=VALUE"),
        (["SR="], "KEY=VALUE"),
        (["SR=0.25", "network.SR=0.5"], "twice"),
        (["SR=0.25,0.25"], "twice"),
        (["weight_bits=9"], "weight_bits"),
        (["SR=0.01", "base_e=16"], "none of the 1 points.*network.SR, network.base_e contradict"),
        ([f"{key}={','.join(map(str, range(1, 9)))}" for key in ("base_e", "incr_e", "fire_modules", "freq")], "4,096"),
    ],
)
def test_what_is_wrong_is_said(wishes: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        what_if_study("digits-squeezenet", wishes)
