"""No command deletes, replaces or writes into what is somebody's: one message, exit code 2, nothing touched."""

from pathlib import Path

import pytest

from tests.cli.test_cli import outcome
from tests.flow.test_pipeline import RECIPE

NAMES = ("../sub", "..", "/tmp/elsewhere", "a/b", "x$(touch P)y", "x;exec touch P;#", "-rf", "", "net" * 40)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with images in `cats/train`, pictures, and a folder beside it that a name could reach."""
    for name in ("here/cats/train/a/1.png", "here/pictures/holiday.jpg", "sub/train/thesis.txt", "sub/report.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "here" / "cats.toml").write_text(RECIPE.replace('"digits"', '"folder"'))
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def refused(
    arguments: list[str], home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    """What the command prints; it must fail with 2 and leave every file as it was."""
    before = files(home)
    code, printed = outcome(arguments, monkeypatch, capsys)
    assert code == 2 and "Traceback" not in printed, printed
    assert printed.count("error:") == 1
    assert files(home) == before
    return printed


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "cats.toml", "--runs", ".", "--data", "cats"],
        ["train", "cats.toml", "--runs", ".", "--data", "cats"],
        ["lower", "--model", "cats.onnx", "--board", "ulx3s-85f", "--runs", "."],
        ["bitstream", "cats.toml", "--runs", ".", "--data", "cats"],
        ["pictures", "."],
        ["pictures", "cats", "--runs", "."],
        ["verify", "."],
        ["verify", "../sub"],
        ["emulate", "../sub"],
    ],
)
def test_a_folder_that_is_no_run(
    arguments: list[str], home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "here" / "cats.onnx").write_text("a model")
    assert "is not a run of hwcodesign" in refused(arguments, home, monkeypatch, capsys)


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_whose_name_is_a_path_or_a_command(
    name: str, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "here" / "cats.toml").write_text(f"name = '{name}'\n{RECIPE}")
    printed = refused(["run", "cats.toml", "--data", "cats"], home, monkeypatch, capsys)
    assert "name = " in printed and "of the letters A to Z" in printed
