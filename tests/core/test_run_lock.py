"""Two processes and one run folder: the second waits, or says who has it; what a killed one started is waited for."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.core.run_lock import locked

HOLDS = (
    "import time, sys; from pathlib import Path; from hwcodesign.core.run_lock import locked\n"
    "with locked(Path('.'), print): Path('held').touch(); time.sleep(float(sys.argv[1]))"
)


def other(folder: Path, seconds: float) -> subprocess.Popen[bytes]:
    """Another process that holds the folder's lock for so long."""
    process = subprocess.Popen([sys.executable, "-c", HOLDS, str(seconds)], cwd=folder)
    while not (folder / "held").exists():
        assert process.poll() is None
        time.sleep(0.02)
    return process


def test_the_second_waits_and_is_told_for_whom(tmp_path: Path) -> None:
    first, said = other(tmp_path, 1.0), []
    with locked(tmp_path, said.append):
        assert first.wait(10) == 0
    assert len(said) == 1 and f"is in use by process {first.pid} on " in said[0] and "waiting" in said[0]


def test_who_does_not_wait_is_told_too(tmp_path: Path) -> None:
    first = other(tmp_path, 60)
    with (
        pytest.raises(UserError, match=rf"is in use by process {first.pid} on .*since"),
        locked(tmp_path, print, wait=False),
    ):
        pass
    os.kill(first.pid, signal.SIGKILL)
    first.wait(10)
    with locked(tmp_path, print, wait=False):
        pass
