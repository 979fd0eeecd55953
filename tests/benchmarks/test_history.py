"""The history of benchmarks: a line a run, never changed; figures of one machine are compared among themselves."""

import subprocess
from pathlib import Path

import pytest

from benchmarks import history
from benchmarks.history import Entry, draw, entries, record, series, table


def test_a_run_is_a_line_more_and_the_lines_before_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "commit", lambda: "abc1234")
    record("speed", {"images/s": 10.5}, tmp_path)
    first = (tmp_path / "speed.jsonl").read_text()
    record("speed", {"images/s": 12, "loss": 0}, tmp_path)
    assert (tmp_path / "speed.jsonl").read_text().startswith(first)
    assert [run.figures for run in entries("speed", tmp_path)] == [{"images/s": 10.5}, {"images/s": 12, "loss": 0}]
    (run, _) = entries("speed", tmp_path)
    assert run.commit == "abc1234" and run.date.endswith("+00:00") and run.machine.endswith("processors")


def test_machines_are_not_mixed() -> None:
    runs = [Entry(f"2026-01-0{n}", "", m, {"s": n, "b": 0}) for n, m in ((1, "mine"), (2, "yours"), (3, "mine"))]
    found = list(series(runs))
    assert found[0] == ("s", [("2026-01-01", 1), ("2026-01-03", 3)])
    assert found[2] == ("s", [("2026-01-02", 2)])


def test_what_is_kept_can_be_shown() -> None:
    names = [file.stem for file in history.FOLDER.glob("*.jsonl")]
    assert names
    for name in names:
        assert table(name, entries(name)).row_count == len(list(series(entries(name))))


def test_it_is_drawn_over_the_first_run(tmp_path: Path) -> None:
    runs = [Entry(f"2026-01-0{n}", "", "mine", {"s": n, "b": 0}) for n in (1, 2)]
    draw({"speed": runs, "size": runs[:1]}, tmp_path / "history.png")
    assert (tmp_path / "history.png").read_bytes().startswith(b"\x89PNG")


def test_a_commit_is_dirty_by_its_files_and_not_by_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    folder = tmp_path / "benchmarks"
    (folder / "history").mkdir(parents=True)
    for name in ("history.py", "door.json", "history/door.jsonl"):
        (folder / name).write_text("before")
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "all")
    monkeypatch.setattr(history, "__file__", str(folder / "history.py"))
    head = git("rev-parse", "--short", "HEAD")
    for name in ("door.json", "history/door.jsonl"):
        (folder / name).write_text("after")
    assert history.commit() == head
    (folder / "history.py").write_text("after")
    assert history.commit() == f"{head}-dirty"


@pytest.mark.parametrize("script", sorted(Path(history.__file__).parent.glob("*.py"), key=lambda path: path.name))
def test_every_benchmark_records(script: Path) -> None:
    assert script.name == "history.py" or "record(" in script.read_text(), "see benchmarks/history.py"
