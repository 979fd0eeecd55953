"""Runs cases in child processes with limits of time and memory, and says which ended otherwise than they may.

A child is forked, so that what is imported is shared, and runs a batch of cases. What it runs on is in shared memory:
when it hangs or dies, that case is a finding, and the next child goes on behind it.
"""

import json
import mmap
import os
import resource
import shutil
import signal
import struct
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from hwcodesign.core.errors import UserError

SECONDS = 60.0  # of processor time that a case may take; ten times as much on the clock
MEMORY = 4 << 30  # bytes more than when the child starts
_STATE = struct.Struct("<qddq")  # the case's number, the process' time and the clock at its start; cases refused

Case = Callable[[Random, Path], None]


@dataclass(frozen=True)
class Finding:
    """A case that ended in a traceback, a hang, a signal, or with too much memory: `what`, and how to see it again."""

    kind: str
    seed: int
    number: int
    what: str


@dataclass
class Counts:
    """How many cases ran, and how many of them were refused with a message."""

    cases: int = 0
    refused: int = 0


def run(kind: str, case: Case, seed: int, numbers: range, batch: int, counts: Counts) -> Iterator[Finding]:
    """Run `case` for each of the `numbers`; yields the findings as they come, and counts in `counts`."""
    at = numbers.start
    while at < numbers.stop:
        stop = min(at + batch, numbers.stop)
        done, refused, findings = _child(kind, case, seed, range(at, stop))
        counts.cases += done - at
        counts.refused += refused
        at = done
        yield from findings


def one(kind: str, case: Case, seed: int, number: int) -> None:
    """Run one case here, with nothing around it: to see a finding again."""
    with tempfile.TemporaryDirectory() as folder:
        case(_random(kind, seed, number), Path(folder))


def _random(kind: str, seed: int, number: int) -> Random:
    return Random(f"{kind}:{seed}:{number}")


def _child(kind: str, case: Case, seed: int, numbers: range) -> tuple[int, int, list[Finding]]:
    """Run a batch; how far it came, how many were refused, and what was found."""
    shared = mmap.mmap(-1, _STATE.size)
    folder = Path(tempfile.mkdtemp(prefix="fuzz"))
    shared[:] = _STATE.pack(numbers.start, 0.0, time.monotonic(), 0)
    child = os.fork()
    if child == 0:
        try:
            _work(kind, case, seed, numbers, shared, folder)
        finally:
            os._exit(1)
    hung, status = _wait(child, shared)
    number, _, _, refused = _STATE.unpack(shared[:])
    lines = (folder / "findings").read_text().splitlines() if (folder / "findings").exists() else []
    findings = [Finding(kind, seed, *json.loads(line)) for line in lines]
    shutil.rmtree(folder, ignore_errors=True)
    if hung:
        findings.append(Finding(kind, seed, number, "hang"))
    elif status != 0:
        code = os.waitstatus_to_exitcode(status)
        findings.append(Finding(kind, seed, number, f"died: {signal.Signals(-code).name if code < 0 else code}"))
    else:
        number = numbers.stop - 1
    return number + 1, refused, findings


def _work(kind: str, case: Case, seed: int, numbers: range, shared: mmap.mmap, folder: Path) -> None:
    """In the child."""
    silent = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silent, stream)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * os.sysconf("SC_PAGE_SIZE") + MEMORY,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    refused = 0
    for number in numbers:
        shared[:] = _STATE.pack(number, time.process_time(), time.monotonic(), refused)
        place = folder / "case"
        place.mkdir()
        try:
            case(_random(kind, seed, number), place)
        except UserError:
            refused += 1
        except BaseException as error:
            with open(folder / "findings", "a") as file:
                file.write(json.dumps([number, _described(error)]) + "\n")
        shutil.rmtree(place, ignore_errors=True)
    shared[:] = _STATE.pack(numbers.stop - 1, time.process_time(), time.monotonic(), refused)
    os._exit(0)


def _wait(child: int, shared: mmap.mmap) -> tuple[bool, int]:
    """Until the child ends, or does not come on any more and is ended; whether that was so, and its status."""
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return False, status
        _, process_start, clock_start, _ = _STATE.unpack(shared[:])
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        if used - process_start > SECONDS or time.monotonic() - clock_start > 10 * SECONDS:
            os.kill(child, signal.SIGKILL)
            return True, os.waitpid(child, 0)[1]
        time.sleep(0.01)


def _described(error: BaseException) -> str:
    """The exception, and where in our code and in all code it was raised: findings alike are told by this."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/hwcodesign/" in frame.filename]
    places = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in (*ours[-1:], *frames[-1:])]
    return f"{type(error).__name__}: {str(error)[:200]} at {', '.join(dict.fromkeys(places))}"
