"""Two runs at once in a folder, a disk that is full, a folder that cannot be written: one waits, or one message."""

import subprocess
import sys
from pathlib import Path

import pytest

from hwcodesign.core.run_folder import RunFolder
from tests.cli.test_cli import outcome
from tests.flow.test_damage import planned  # noqa: F401
from tests.flow.test_pipeline import recipe

LIMITED = (
    "import resource, sys\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)\n"  # as a disk that is full behind so much
    "from hwcodesign import cli\nsys.argv = ['hwcodesign', *sys.argv[2:]]\ncli.main()\n"
)


def start(
    folder: Path, *arguments: str, program: str = "from hwcodesign.cli import main; main()"
) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.Popen(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_two_at_once_in_one_run_folder_both_end_well(planned: Path) -> None:  # noqa: F811
    both = [start(planned, "run", "tiny.toml", "--from", "plan", "--to", "emit") for _ in range(2)]
    printed = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], printed
    assert not list((planned / "runs/tiny").glob(".*.unfinished"))


def test_who_does_not_want_to_wait_is_told_who_works_there(
    planned: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]  # noqa: F811
) -> None:  # fmt: skip
    monkeypatch.chdir(planned)
    with RunFolder(Path("runs/tiny")).opened():
        code, printed = outcome(["plan", "tiny.toml", "--no-wait"], monkeypatch, capsys)
    assert code == 2 and "runs/tiny is in use by process" in printed


def test_a_full_disk_names_the_path_and_the_former_result_stays(planned: Path) -> None:  # noqa: F811
    before = (planned / "runs/tiny/plan/dataflow.npz").read_bytes()
    full = start(planned, "2000", "plan", "tiny.toml", program=LIMITED)
    printed = full.communicate(timeout=120)[0]
    assert full.returncode == 2 and "Traceback" not in printed, printed
    assert "runs/tiny/.plan.unfinished" in printed and "File too large" in printed
    assert (planned / "runs/tiny/plan/dataflow.npz").read_bytes() == before
    again = start(planned, "plan", "tiny.toml")
    assert again.communicate(timeout=120) and again.returncode == 0


def test_a_folder_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe(tmp_path)
    code, printed = outcome(["run", str(tmp_path / "tiny.toml"), "--runs", "/proc/hwcodesign"], monkeypatch, capsys)
    assert code == 2 and "error: /proc/hwcodesign" in printed and "Traceback" not in printed
