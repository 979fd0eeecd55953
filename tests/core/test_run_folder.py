"""The run folder: whole or not at all, current or run again, resumable after an interruption."""

from pathlib import Path

import pytest

from hwcodesign.core import run_folder
from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import MARKER, RunFolder, Stage, digest, existing_run, listing, write_whole


def stage(source: Path, calls: list[str], settings: object = 1, **kwargs: object) -> Stage:
    def work(folder: Path) -> dict[str, object]:
        calls.append("ran")
        (folder / "result.txt").write_text(source.read_text().upper())
        return {"length": len(source.read_text())}

    return Stage("shout", (source,), settings, work, **kwargs)  # type: ignore[arg-type]


def test_a_stage_is_current_until_an_input_or_a_setting_changes(tmp_path: Path) -> None:
    source, calls, run = tmp_path / "in.txt", [], RunFolder(tmp_path / "run")
    source.write_text("hello")
    assert not run.is_current(stage(source, calls))
    assert run.execute(stage(source, calls))["length"] == 5
    assert (run.stage("shout") / "result.txt").read_text() == "HELLO"
    assert run.is_current(stage(source, calls))
    assert not run.is_current(stage(source, calls, settings=2))
    source.write_text("other")
    assert not run.is_current(stage(source, calls))


def test_a_failing_stage_leaves_the_former_result_alone(tmp_path: Path) -> None:
    source, run = tmp_path / "in.txt", RunFolder(tmp_path / "run")
    source.write_text("first")
    run.execute(stage(source, []))

    def fail(folder: Path) -> dict[str, object]:
        (folder / "half").write_text("half")
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space"):
        run.execute(Stage("shout", (source,), 2, fail))
    assert (run.stage("shout") / "result.txt").read_text() == "FIRST"
    assert not (run.stage("shout") / "half").exists()


@pytest.mark.parametrize(("resumable", "kept"), [(True, ["1"]), (False, [])])
def test_only_a_resumable_stage_keeps_its_unfinished_work(tmp_path: Path, resumable: bool, kept: list[str]) -> None:
    run, seen = RunFolder(tmp_path / "run"), []

    def interrupted(folder: Path) -> dict[str, object]:
        seen.append([p.name for p in folder.iterdir() if p.name != "fingerprint"])
        (folder / "1").touch()
        if len(seen) == 1:
            raise KeyboardInterrupt
        return {}

    work = Stage("count", (), None, interrupted, resumable=resumable)
    with pytest.raises(KeyboardInterrupt):
        run.execute(work)
    assert not run.finished("count")
    run.execute(work)
    assert seen == [[], kept]


def test_unfinished_work_of_other_settings_is_laid_aside(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")

    def interrupted(folder: Path) -> dict[str, object]:
        (folder / "hours").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.execute(Stage("train", (), 1, interrupted, resumable=True))
    said: list[str] = []
    run.execute(Stage("train", (), 2, lambda folder: {}, resumable=True), said.append)
    assert (run.path / "train.former-1" / "hours").exists() and not (run.stage("train") / "hours").exists()
    assert "kept in" in said[0] and "train.former-1" in said[0]


def test_a_finished_training_of_something_else_is_laid_aside_and_the_same_is_replaced(tmp_path: Path) -> None:
    run, said = RunFolder(tmp_path / "run"), []
    for settings in (1, 1, 2, 3):

        def train(folder: Path, settings: int = settings) -> dict[str, object]:
            (folder / "weights").write_text(str(settings))
            return {}

        run.execute(Stage("train", (), settings, train, resumable=True), said.append)
    kept = {path.name: (path / "weights").read_text() for path in run.path.glob("train*")}
    assert kept == {"train": "3", "train.former-1": "1", "train.former-2": "2"}
    assert len(said) == 2


def test_a_training_that_fails_leaves_the_finished_one_in_its_place(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.execute(Stage("train", (), 1, lambda folder: {}, resumable=True))

    def fail(folder: Path) -> dict[str, object]:
        raise UserError("no data")

    with pytest.raises(UserError, match="no data"):
        run.execute(Stage("train", (), 2, fail, resumable=True))
    assert run.finished("train") and not list(run.path.glob("train.former*"))


def somebodys(folder: Path) -> dict[str, bytes]:
    """A folder of somebody's, and what it holds."""
    for name in ("train/1.png", "lower/notes.txt", "pictures/holiday.jpg", "report.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{name} is mine")
    return contents(folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_of_somebodys_is_left_alone(tmp_path: Path) -> None:
    mine = somebodys(tmp_path / "cats")
    run = RunFolder(tmp_path / "cats")
    with pytest.raises(UserError, match="is not a run of hwcodesign"):
        run.execute(Stage("train", (), 1, lambda folder: {}, resumable=True))
    with pytest.raises(UserError, match="is not a run of hwcodesign"), run.opened("recipe"):
        pass
    with pytest.raises(UserError, match="is not a run of hwcodesign"):
        existing_run("cats", tmp_path)
    assert contents(tmp_path / "cats") == mine and sorted(p.name for p in tmp_path.iterdir()) == ["cats"]


@pytest.mark.parametrize("left", ["folder", "link", "file"])
def test_a_stage_replaces_nothing_but_a_stage(tmp_path: Path, left: str) -> None:
    mine, run = somebodys(tmp_path / "mine"), RunFolder(tmp_path / "run")
    run.claim()
    if left == "link":
        run.stage("train").symlink_to(tmp_path / "mine", target_is_directory=True)
    elif left == "file":
        run.stage("train").write_text("mine")
    else:
        somebodys(run.stage("train"))
    before = contents(run.path)
    with pytest.raises(UserError, match=r"train is not a stage's result \(it holds no stage.json\)"):
        run.execute(Stage("train", (), 1, lambda folder: {}))
    assert contents(tmp_path / "mine") == mine and contents(run.path) == before


def test_a_run_of_an_earlier_version_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "old" / "lower").mkdir(parents=True)
    (tmp_path / "old" / "lower" / "stage.json").write_text("{}")
    with pytest.raises(UserError, match=r"made by an earlier version .*nothing in it was touched"):
        RunFolder(tmp_path / "old").claim()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "hwcodesign run folder", "version": 99, "of": ""}'])
def test_a_marker_that_is_damaged_or_too_new(tmp_path: Path, text: str) -> None:
    RunFolder(tmp_path / "run").claim()
    (tmp_path / "run" / MARKER).write_text(text)
    with pytest.raises(UserError, match=f"{MARKER} is damaged or of another version"):
        RunFolder(tmp_path / "run").claim()


def test_a_model_does_not_take_the_place_of_a_recipe_of_its_name(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "net")
    run.claim("recipe")
    run.claim()
    with pytest.raises(UserError, match="the run of a recipe and would become that of a model"):
        run.claim("model")


def test_a_run_that_was_killed_while_it_put_a_result_in_place_is_whole_again(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.execute(Stage("train", (), 1, lambda folder: {"epoch": 1}))
    run.stage("train").rename(run.path / ".train.old")  # killed between the two renames, without and
    run.claim()
    assert run.summary("train")["epoch"] == 1
    run.stage("train").rename(run.path / ".train.old")
    RunFolder(tmp_path / "other").execute(Stage("train", (), 2, lambda folder: {"epoch": 2}))
    RunFolder(tmp_path / "other").stage("train").rename(run.path / ".train.unfinished")  # with the new result
    run.claim()
    assert run.summary("train")["epoch"] == 2 and not (run.path / ".train.old").exists()


def test_code_that_changed_makes_the_result_anew_but_not_a_training_of_hours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, package = RunFolder(tmp_path / "run"), tmp_path / "package"
    (package / "plan").mkdir(parents=True)
    (package / "plan" / "folding.py").write_text("PE = 1")
    monkeypatch.setattr(run_folder, "_PACKAGE", package)
    stages = [Stage(name, (), 1, lambda folder: {}, name == "train", code=("plan",)) for name in ("plan", "train")]
    run_folder.code_digest.cache_clear()
    for stage in stages:
        run.execute(stage)
    assert all(run.is_current(stage) for stage in stages) and not any(run.by_earlier_code(stage) for stage in stages)
    (package / "plan" / "folding.py").write_text("PE = 2")
    run_folder.code_digest.cache_clear()
    assert [run.is_current(stage) for stage in stages] == [False, True]
    assert run.by_earlier_code(stages[1])
    run_folder.code_digest.cache_clear()


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"fingerprint": 1}', '{"fingerprint": "x"}', "\0\0\0",
        '{"fingerprint": "x", "summary": {}, "made_from": 7}', '{"fingerprint": "x", "summary": {}, "files": {"a": 7}}',
    ],
)  # fmt: skip
def test_a_damaged_record_names_its_file_and_what_makes_it_anew(tmp_path: Path, text: str) -> None:
    run, stage = RunFolder(tmp_path / "run"), Stage("lower", (), 1, lambda folder: {"layers": 3})
    run.execute(stage)
    (run.stage("lower") / "stage.json").write_text(text)
    for read in (lambda: run.summary("lower"), lambda: run.is_current(stage)):
        with pytest.raises(UserError, match=r"lower/stage.json is damaged: the stage 'lower' .*--from lower"):
            read()
    assert run.execute(stage)["layers"] == 3


def test_a_full_disk_names_the_folder(tmp_path: Path) -> None:
    def fill(folder: Path) -> dict[str, object]:
        with open("/dev/full", "w") as file:  # the error of a write has no file name
            file.write("x")
        return {}

    with pytest.raises(UserError, match=r"cannot write into .*run/.lower.unfinished: No space left on device"):
        RunFolder(tmp_path / "run").execute(Stage("lower", (), 1, fill))


def test_a_listing_sees_names_and_sizes_wherever_the_folder_is(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "cat").mkdir(parents=True)
        (tmp_path / name / "cat" / "1.png").write_bytes(b"1234")
    assert listing(tmp_path / "one") == listing(tmp_path / "two")
    (tmp_path / "two" / "cat" / "1.png").write_bytes(b"12345")
    assert listing(tmp_path / "one") != listing(tmp_path / "two")


def test_a_missing_input_names_the_stage_and_the_path(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"'shout' needs .*in\.txt"):
        RunFolder(tmp_path / "run").execute(stage(tmp_path / "in.txt", []))


def test_a_summary_of_a_stage_that_has_not_run_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'lower' has not been run"):
        RunFolder(tmp_path).summary("lower")


def test_digest_sees_contents_and_names(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    first = digest([tmp_path])
    (tmp_path / "a").rename(tmp_path / "b")
    second = digest([tmp_path])
    (tmp_path / "b").write_text("2")
    assert len({first, second, digest([tmp_path])}) == 3


def test_a_file_is_not_written_over_a_folder_or_into_none(tmp_path: Path) -> None:
    for path, message in ((tmp_path, "it is a folder"), (tmp_path / "none" / "a.json", "there is no folder .*none")):
        with pytest.raises(UserError, match=f"cannot write .*: {message}"):
            write_whole(path, "{}")
    write_whole(tmp_path / "a.json", "{}")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
