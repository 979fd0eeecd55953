"""A few hundred damaged inputs of each quick kind; and the fuzzer finds what is planted."""

import os
import signal
import time
from pathlib import Path
from random import Random

import pytest

from benchmarks.fuzz import runner
from benchmarks.fuzz.kinds import KINDS
from benchmarks.fuzz.runner import Counts, run
from hwcodesign.core.errors import UserError

SHORT = {"onnx": 200, "image": 100, "packet": 40, "recipe": 30, "board": 30}


@pytest.mark.parametrize("kind", SHORT)
def test_damaged_inputs_are_taken_or_refused(kind: str) -> None:
    make, _, _ = KINDS[kind]
    counts = Counts()
    found = list(run(kind, make(), 2, range(SHORT[kind]), 25, counts))
    assert found == []
    assert counts.cases == SHORT[kind] and counts.refused > 0


def _planted(random: Random, folder: Path) -> None:
    match random.randrange(6):
        case 0:
            raise UserError("refused")
        case 1:
            raise KeyError("a traceback")
        case 2:
            os.kill(os.getpid(), signal.SIGFPE)
        case 3:
            while True:
                pass
        case 4:
            bytearray(64 << 30)


def test_what_is_planted_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SECONDS", 0.3)
    counts, start = Counts(), time.monotonic()
    found = {finding.number: finding.what for finding in run("planted", _planted, 1, range(20), 7, counts)}
    expected = {}
    for number in range(20):
        what = Random(f"planted:1:{number}").randrange(6)
        if 1 <= what <= 4:
            expected[number] = ("", "KeyError", "died: SIGFPE", "hang", "MemoryError")[what]
    assert set(found) == set(expected) and counts.cases == 20
    assert all(found[number].startswith(what) for number, what in expected.items())
    assert time.monotonic() - start < 120
