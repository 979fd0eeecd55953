"""A supervised program: its exit code and signal come through, and nothing outlives its owner."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hwcodesign.core import supervisor

SUPERVISOR = [sys.executable, "-I", "-S", supervisor.__file__]


def supervised(*command: str) -> tuple[subprocess.Popen[bytes], int]:
    """The process, and our end of the pipe that its owner holds."""
    read, write = os.pipe()
    started = subprocess.Popen([*SUPERVISOR, str(read), *command], pass_fds=[read], stderr=subprocess.PIPE)
    os.close(read)
    return started, write


def gone(process: int) -> bool:
    """Whether it has ended; one that waits to be collected has."""
    for _ in range(200):
        try:
            if Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", -signal.SIGKILL)])
def test_it_ends_as_the_program_did(script: str, code: int) -> None:
    started, held = supervised("/bin/sh", "-c", script)
    assert started.wait(20) == code
    os.close(held)


def test_a_program_that_is_not_there_is_said_as_a_shell_would() -> None:
    started, held = supervised("/no/such/program")
    _, printed = started.communicate(timeout=20)
    assert started.returncode == 127 and b"/no/such/program: No such file" in printed
    os.close(held)


@pytest.mark.skipif(sys.platform != "linux", reason="subreapers are Linux's")
def test_a_grandchild_of_another_session_ends_with_the_owner(tmp_path: Path) -> None:
    script = f"setsid sleep 60 & echo $! > {tmp_path}/child; sleep 60"
    started, held = supervised("/bin/sh", "-c", script)
    while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text().strip():
        time.sleep(0.02)
    os.close(held)
    started.wait(20)
    assert gone(int((tmp_path / "child").read_text()))
