"""The run folder: whole or not at all, current or run again, resumable after an interruption."""

from pathlib import Path

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import RunFolder, Stage, digest, listing


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
    run.execute(Stage("train", (), 2, lambda folder: {}, resumable=True))
    assert (run.path / "train.former" / "hours").exists() and not (run.stage("train") / "hours").exists()


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
