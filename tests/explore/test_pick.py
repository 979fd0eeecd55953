from pathlib import Path

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.explore.pick import best_point, point_numbered, write_recipe
from hwcodesign.explore.results import Point, Results
from hwcodesign.explore.study import load_study
from hwcodesign.recipe import load_recipe
from tests.explore.studies import PLANNED, write

PARAMS = {
    "network.SR": 0.5,
    "network.base_e": 8,
    "network.pool_after": '["conv1", "fire2"]',
    "hardware.frame_rate": 1000,
}
POINT = Point(3, PARAMS, {"lut": 100.0, "frame_rate": 1000.0}, "", "", True)


def test_a_point_becomes_a_recipe_that_loads(tmp_path: Path) -> None:
    study = load_study(write(PLANNED, tmp_path))
    write_recipe(study, POINT, tmp_path / "best.toml")
    made, expected = load_recipe(str(tmp_path / "best.toml")), study.recipe_at(PARAMS)
    assert made.model_copy(update={"name": ""}) == expected.model_copy(update={"name": ""})
    assert "Point 3" in (tmp_path / "best.toml").read_text()
    with pytest.raises(UserError, match="exists: say another file with --recipe"):
        write_recipe(study, POINT, tmp_path / "best.toml")


def test_a_file_whose_name_no_recipe_can_have_is_not_written(tmp_path: Path) -> None:
    target = tmp_path / "my best ü.toml"
    with pytest.raises(UserError, match=r"its name has 1 to 64 .*; say --recipe '.*my_best__\.toml'"):
        write_recipe(load_study(write(PLANNED, tmp_path)), POINT, target)
    assert not target.exists()


def test_without_a_number_it_is_the_fronts_best_of_the_first_objective(tmp_path: Path) -> None:
    study = load_study(write(PLANNED, tmp_path))
    rates = {1: 900.0, 2: 1100.0, 3: 1000.0, 4: 9000.0}
    found = [Point(n, PARAMS, {"lut": 1.0, "frame_rate": rate}, "", "", n < 4) for n, rate in rates.items()]
    assert best_point(study, Results(tuple(found), {}, {})).number == 2  # 4 is not in the front
    with pytest.raises(UserError, match="planned has no front yet"):
        best_point(study, Results((), {}, {}))


def test_a_number_that_no_point_has(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no point 4: the front has 3"):
        point_numbered(Results((POINT,), {}, {}), 4)
