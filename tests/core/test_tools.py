"""External programs: found where they should be, refused when missing or old, logged, and ended on Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hwcodesign.core import run_lock, tools
from hwcodesign.core.errors import UserError
from hwcodesign.core.tools import PACKAGES, TOOLS, Tool, find, require, run, survey, version_of

FROG = Tool("frog", ("frog", "toad"), (2, 1), "pip install frog", required=True)


@pytest.fixture(autouse=True)
def only_this_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder as the PATH (and the shell's own programs)."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.delenv("HWCODESIGN_FROG", raising=False)
    return folder


def program(folder: Path, name: str, prints: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{prints}'\n")
    path.chmod(0o755)
    return path


def test_finds_by_any_of_its_names(only_this_path: Path) -> None:
    path = program(only_this_path, "toad", "toad 2.1.3 (pond)")
    assert require(FROG) == path
    assert version_of(FROG, path) == (2, 1, 3)


def test_the_environment_variable_overrules_the_path(
    only_this_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(only_this_path, "frog", "frog 2.1")
    chosen = program(tmp_path, "my-frog", "frog 9.0")
    monkeypatch.setenv("HWCODESIGN_FROG", str(chosen))
    assert require(FROG) == chosen


def test_a_wrong_environment_variable_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWCODESIGN_FROG", "/nowhere/frog")
    with pytest.raises(UserError, match="HWCODESIGN_FROG=/nowhere/frog is not a program"):
        find(FROG)


def test_missing_says_what_where_and_how() -> None:
    with pytest.raises(UserError, match=r"frog is missing: looked for frog or toad in .*PATH.*pip install frog"):
        find(FROG)


def test_too_old_says_both_versions(only_this_path: Path) -> None:
    program(only_this_path, "frog", "frog 2.0.9")
    with pytest.raises(UserError, match=r"is version 2.0.9, older than 2.1. To get a newer one: pip install frog"):
        require(FROG)


def test_no_version_is_no_tool(only_this_path: Path) -> None:
    program(only_this_path, "frog", "croak")
    with pytest.raises(UserError, match="prints no version"):
        require(FROG)


def test_a_broken_program_is_no_tool(only_this_path: Path) -> None:
    broken = program(only_this_path, "frog", "")
    broken.write_text("#!/nowhere/interpreter\n")
    with pytest.raises(UserError, match="does not start"):
        require(FROG)


def test_run_keeps_the_log_and_hands_on_each_line(tmp_path: Path) -> None:
    lines: list[str] = []
    log = tmp_path / "log"
    run(["sh", "-c", "echo one; echo $WORD >&2"], tmp_path, log, {"WORD": "two"}, lines.append)
    assert lines == ["one", "two"]
    assert log.read_text() == "one\ntwo\n"


def test_run_runs_in_its_folder(tmp_path: Path) -> None:
    run(["sh", "-c", "echo here > file"], tmp_path, tmp_path / "log")
    assert (tmp_path / "file").read_text() == "here\n"


def test_failure_shows_the_end_of_the_log(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"sh failed \(exit code 3\), log in .*:\nlast words$"):
        run(["sh", "-c", "echo last words; exit 3"], tmp_path, tmp_path / "log")


def test_ctrl_c_ends_the_program_and_its_children(tmp_path: Path) -> None:
    # A child of our own calls run() and is interrupted as a terminal would do it; sleep must not survive.
    script = (
        "import signal\nfrom pathlib import Path\nfrom hwcodesign.core.tools import run\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # in the background it would be ignored
        "run(['sh', '-c', 'sleep 60 & echo $! > pid; wait'], Path('.'), Path('log'))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    sleeper = _wait_for_number(tmp_path / "pid")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert "KeyboardInterrupt" in errors
    assert not _alive(sleeper)


RUNS = (
    "import sys; from pathlib import Path; from hwcodesign.core.tools import run\n"
    "run(['sh', '-c', sys.argv[1]], Path('.'), Path('log'))\n"
)


@pytest.mark.parametrize(
    "program",
    [
        "echo $$ > pid; sleep 60",
        "sleep 60 & echo $! > pid; wait",
        "setsid sh -c 'echo $$ > pid; sleep 60' & wait",  # in a session of its own
        "trap '' TERM HUP INT; echo $$ > pid; while :; do sleep 1; done",
        "(sh -c 'echo $$ > pid; sleep 60' &) ; sleep 60",  # an orphan
    ],
)
def test_what_a_killed_owner_has_started_dies_with_it(tmp_path: Path, program: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", RUNS, program], cwd=tmp_path)
    started = _wait_for_number(tmp_path / "pid")
    process.kill()
    process.wait(10)
    assert _gone(started)


def test_a_killed_supervisor_takes_the_program_along(tmp_path: Path) -> None:
    program = "echo $PPID > supervisor; echo $$ > pid; exec sleep 60"
    process = subprocess.Popen([sys.executable, "-c", RUNS, program], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    started = _wait_for_number(tmp_path / "pid")
    os.kill(_wait_for_number(tmp_path / "supervisor"), signal.SIGKILL)
    assert "was killed after" in process.communicate(timeout=20)[1]
    assert _gone(started)


def test_what_a_program_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    run(["sh", "-c", "setsid sleep 60 >/dev/null 2>&1 & echo $! > pid"], tmp_path, tmp_path / "log")
    assert not _alive(_wait_for_number(tmp_path / "pid"))


def test_the_lock_of_a_run_is_held_until_what_a_killed_owner_started_is_over(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from hwcodesign.core.run_lock import locked\nfrom hwcodesign.core.tools import run\n"
        "with locked(Path('.'), print): run(['sh', '-c', 'echo $$ > pid; sleep 60'], Path('.'), Path('log'))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path)
    started = _wait_for_number(tmp_path / "pid")
    process.kill()
    process.wait(10)
    with run_lock.locked(tmp_path, print):
        assert not _alive(started)


def test_sigterm_to_a_command_ends_what_it_started(tmp_path: Path) -> None:
    script = (
        "import click\nfrom pathlib import Path\nfrom hwcodesign import cli\nfrom hwcodesign.core import tools\n"
        "cli.cli = click.command()(lambda: tools.run(['sh', '-c', 'echo $$ > pid; sleep 60'], Path(), Path('log')))\n"
        "cli.main()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    shell = _wait_for_number(tmp_path / "pid")
    process.terminate()
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130 and "goes on from here" in errors
    assert not _alive(shell)


def test_an_error_in_on_line_ends_the_program(tmp_path: Path) -> None:
    def refuse(line: str) -> None:
        raise UserError(f"no more after {line}")

    before = time.monotonic()
    with pytest.raises(UserError, match="no more after one"):
        run(["sh", "-c", "echo one; sleep 60"], tmp_path, tmp_path / "log", on_line=refuse)
    assert time.monotonic() - before < 30


def test_survey_names_every_tool_and_package() -> None:
    assert [row.name for row in survey()] == [tool.name for tool in TOOLS] + list(PACKAGES)


def test_survey_says_how_to_mend(only_this_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(only_this_path, "frog", "frog 1.0")
    monkeypatch.setattr(tools, "TOOLS", (FROG,))
    monkeypatch.setattr(tools, "PACKAGES", {"pytest": ((1,), (2,)), "no-such-package": ((1,), (2,))})
    frog, old, missing = survey()
    assert not frog.good and frog.required and frog.version == "1.0" and "2.1 or newer: pip install frog" in frog.mend
    assert not old.good and "needs 1 or newer, below 2" in old.mend
    assert not missing.good and missing.version == ""


def test_survey_imports_no_package() -> None:
    script = (
        "import sys; from hwcodesign.core.tools import survey; survey(); "
        "print([m for m in ('torch', 'brevitas', 'finn', 'qonnx', 'onnx', 'numpy', 'cocotb') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def _wait_for_number(path: Path) -> int:
    for _ in range(200):
        if path.exists() and path.read_text().strip():
            return int(path.read_text())
        time.sleep(0.05)
    raise AssertionError(f"{path} was never written")


def _gone(process: int) -> bool:
    """Whether the process has ended within five seconds."""
    deadline = time.monotonic() + 5
    while _alive(process) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not _alive(process)


def _alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"  # an orphan that ended may wait for init to collect it; then it is a zombie, not alive


def test_a_package_tells_its_programs_version(only_this_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program itself is not started: in WebAssembly that takes a while, and some tell no version."""
    monkeypatch.setattr(sys, "prefix", str(only_this_path.parent))
    pytest_tool = Tool("frog", ("frog", "toad"), (2, 1), "pip install frog", package="pytest")
    path = program(only_this_path, "toad", "no number")
    assert version_of(pytest_tool, path)[0] >= 8
    native = program(only_this_path, "frog", "frog 2.5")
    assert version_of(pytest_tool, native) == (2, 5)


def test_a_tool_without_a_minimum_is_not_asked(only_this_path: Path) -> None:
    path = program(only_this_path, "frog", "usage: frog")
    assert version_of(Tool("frog", ("frog",), (), "pip install frog"), path) == ()


@pytest.mark.parametrize("how", ["kill -9 $$", "exit 137"])
def test_a_killed_program_is_said_to_be_killed(only_this_path: Path, tmp_path: Path, how: str) -> None:
    path = program(only_this_path, "frog", "")
    path.write_text(f"#!/bin/sh\necho jumping\n{how}\n")
    with pytest.raises(
        UserError, match=r"frog was killed after \d+ s \(signal 9; .*out of memory\), log in .*\njumping"
    ):
        run([path], tmp_path, tmp_path / "log")
