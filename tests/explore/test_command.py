"""The commands: a search writes its page and points, is shown again, and a point becomes a recipe."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hwcodesign.cli import explore
from hwcodesign.core.errors import UserError
from hwcodesign.explore import command
from tests.explore.studies import PLANNED, TRAINED, write


def test_searched_shown_and_picked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study, out = write(PLANNED.replace('"all"', '"random"\npoints = 2'), tmp_path), tmp_path / "out"
    command.search(study, None, out, None, jobs=1, worker=None)
    assert {command.PAGE, command.POINTS} <= {item.name for item in out.iterdir()}
    command.show_results(study, out, None, tmp_path / "again.json")
    found = json.loads((tmp_path / "again.json").read_text())
    assert found == json.loads((out / command.POINTS).read_text()) and len(found["points"]) == 2
    number = found["points"][0]["number"]
    command.pick_point(study, number, out, None, tmp_path / "picked.toml")
    assert (tmp_path / "picked.toml").exists()
    printed = "".join(capsys.readouterr().out.split())
    assert (
        "2totry" in printed
        and "2of2points;frontsofar:" in printed
        and f"hwcodesignrun{tmp_path}/picked.toml" in printed
    )


def test_without_a_search_the_message_says_what_makes_one(tmp_path: Path) -> None:
    study = write(PLANNED, tmp_path)
    with pytest.raises(UserError, match=f"holds no search of planned: hwcodesign explore {study} makes it"):
        command.show_results(study, tmp_path / "out", None, None)


@pytest.mark.parametrize(
    ("recipe", "data", "message"),
    [
        ("cifar10-squeezenet", None, "rungs train on cifar10: say --data FOLDER"),
        ("digits-squeezenet", "nowhere", "there is no such folder"),
    ],
)
def test_data_are_asked_for_before_the_first_point(tmp_path: Path, recipe: str, data: str | None, message: str) -> None:
    study = write(TRAINED.replace("digits-squeezenet", recipe), tmp_path)
    with pytest.raises(UserError, match=message):
        command.search(study, tmp_path / data if data else None, tmp_path / "out", None, 1, None)
    assert not (tmp_path / "out").exists()


def test_a_folder_without_the_images_is_noticed_before_the_first_point(tmp_path: Path) -> None:
    study = write(TRAINED.replace("digits-squeezenet", "cifar10-squeezenet"), tmp_path)
    with pytest.raises(UserError, match=r"there is no cifar10\.npz"):
        command.search(study, tmp_path, tmp_path / "out", None, 1, None)
    assert not (tmp_path / "out").exists()


def test_a_storage_without_the_search_is_told(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path / 'empty.db'}"
    with pytest.raises(UserError, match=r"empty\.db holds no search of planned"):
        command.show_results(write(PLANNED, tmp_path), tmp_path / "out", storage, None)


def test_a_recipe_is_no_study() -> None:
    with pytest.raises(UserError, match="digits-squeezenet is a recipe, and no study"):
        command.search(Path("digits-squeezenet"), None, None, None, 1, None)


def test_options_come_first_or_last(tmp_path: Path) -> None:
    for order in (["--jobs", "1", "nowhere.toml"], ["nowhere.toml", "--jobs", "1"], ["run", "nowhere.toml"]):
        ran = CliRunner().invoke(explore.command, order)
        assert isinstance(ran.exception, UserError) and "no file nowhere.toml" in str(ran.exception)
    assert "Search a design space" in CliRunner().invoke(explore.command, ["--help"]).output


def test_a_proxy_of_a_proxy_is_refused() -> None:
    with pytest.raises(UserError, match="grpc://h:1 is a proxy already"):
        command.serve_storage("grpc://h:1", "localhost", 0)
