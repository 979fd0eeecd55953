"""Kills a run at random moments of every stage, the bitstream's tools included, and starts it again each time.

    python -m benchmarks.kill [MOMENTS [CHAINS]]

A chain is one run folder: its run is killed (SIGKILL) at a random moment of a stage, started again by the same command,
killed again, and so on through all stages; then it must end with the report of a run that nobody disturbed, but for
times. After every kill all processes that it had started must be gone within SECONDS.
"""

import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.history import record

SECONDS = 5.0
STAGES = ("train", "export", "lower", "plan", "check", "emit", "simulate", "bitstream")
TARGETS = (*STAGES, "place and route")  # the second of the bitstream's phases
LONGEST_WAIT = 30.0  # seconds into a stage
RECIPE = """
[network]
family = "squeezenet"
base_e = 4
incr_e = 0
SR = 0.5
fire_modules = 2
conv1_filters = 4
conv1_kernel = 3
conv1_stride = 2
pool_after = []
bypass = "none"
[data]
dataset = "digits"
size = [8, 8]
classes = 10
[train]
epochs = 2
[hardware]
board = "icebreaker"
frame_rate = 30
"""
COMMAND = (sys.executable, "-u", "-m", "hwcodesign", "bitstream", "small.toml", "--frames", "8", "--runs")
TIMES = {"seconds", "build_seconds", "cycles_per_second", "images_per_second"}  # keys of what differs every time


class Run:
    """The command, in a folder `runs`; its lines are read to know the stage that it is in."""

    def __init__(self, folder: Path, runs: str) -> None:
        self.log, self.synthesised = (
            folder / f"{runs}.log",
            folder / runs / "small/bitstream-phases/synthesise/stage.json",
        )
        with self.log.open("a") as log:
            self.process = subprocess.Popen([*COMMAND, runs], cwd=folder, stdout=log, stderr=log)
        self.start = self.log.stat().st_size

    @property
    def stage(self) -> str | None:
        """The stage that runs."""
        lines = self.log.read_text(errors="replace")[self.start :].splitlines()
        return next((line.removesuffix(" ...") for line in reversed(lines) if line.endswith(" ...")), None)

    def wait_for(self, target: str) -> None:
        """Until that stage or phase, or one after it, runs, or all is over."""
        while self.process.poll() is None and self.place < TARGETS.index(target):
            time.sleep(0.02)

    @property
    def place(self) -> int:
        """Where in TARGETS the run is; -1 before the first of them."""
        placing = self.stage == "bitstream" and self.synthesised.exists()
        return -1 if self.stage is None else STAGES.index(self.stage) + placing

    def kill(self) -> float:
        """Kill the run; the seconds until nothing that it had started was left. Raises AssertionError after SECONDS."""
        family = descendants(self.process.pid)
        self.process.send_signal(signal.SIGKILL)
        killed = time.monotonic()
        self.process.wait()
        while left := [process for process, started in family.items() if started_at(process) == started]:
            assert time.monotonic() - killed < SECONDS, f"alive after {SECONDS} s: {left}, log in {self.log}"
            time.sleep(0.01)
        return time.monotonic() - killed


def stat(process: int) -> list[str]:
    """What /proc tells of a process, behind its name: state, parent, ...; nothing of one that is gone or a zombie."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(errors="replace").rsplit(")", 1)[1].split()
    except OSError:
        return []
    return [] if fields[0] == "Z" else fields


def started_at(process: int) -> str | None:
    """What tells a process from a later one of its number."""
    return fields[19] if (fields := stat(process)) else None


def parents() -> dict[int, int]:
    """Of every process that runs, the one that started it."""
    return {
        int(p.name): int(fields[1])
        for p in Path("/proc").iterdir()
        if p.name.isdecimal() and (fields := stat(int(p.name)))
    }


def descendants(process: int) -> dict[int, str | None]:
    """All that `process` has started, directly or not, with when."""
    parent_of = parents()
    found, ring = {}, {process}
    while ring := {child for child, parent in parent_of.items() if parent in ring}:
        found |= {child: started_at(child) for child in ring}
    return found


def without_times(document: Any) -> Any:
    """The report but for what differs every time."""
    if isinstance(document, dict):
        return {key: without_times(value) for key, value in document.items() if key not in TIMES}
    return [without_times(item) for item in document] if isinstance(document, list) else document


def finished(folder: Path, runs: str) -> Any:
    """Let the run go to its end; its report."""
    run = Run(folder, runs)
    code = run.process.wait()
    assert code == 0, f"exit code {code}:\n{run.log.read_text(errors='replace')[-3000:]}"
    return json.loads((folder / runs / "small" / "report.json").read_text())


def chain(folder: Path, runs: str, targets: list[str], durations: dict[str, float], rng: random.Random) -> list[Any]:
    """One run folder, killed once in each of `targets`; what happened each time.

    A stage that is over sooner than last time is killed at its end; the chain ends before the last of its targets if
    the run does.
    """
    moments: list[Any] = []
    for target in sorted(targets, key=TARGETS.index):
        run = Run(folder, runs)
        run.wait_for(target)
        wait = rng.random() * min(LONGEST_WAIT, durations.get(target, LONGEST_WAIT))
        start = time.monotonic()
        while (seconds := time.monotonic() - start) < wait and run.place <= TARGETS.index(target):
            time.sleep(0.005)
        if run.process.poll() is not None:
            assert run.process.returncode == 0, run.log.read_text(errors="replace")[-3000:]
            break
        moments.append(
            {"in": TARGETS[run.place], "seconds_into": round(seconds, 2), "gone_after": round(run.kill(), 3)}
        )
        print(moments[-1], flush=True)
    return moments


def killed(folder: Path, count: int, chains: int, durations: dict[str, float]) -> tuple[list[Any], list[Any]]:
    """Chains of so many kills in all: what happened at each, and the report that each chain ended with."""
    rng, moments, reports = random.Random(1), list[Any](), list[Any]()
    while (missing := count - len(moments)) > 0:
        targets = [TARGETS[i % len(TARGETS)] for i in range(min(missing, -(-count // chains)))]
        moments += chain(folder, f"chain{len(reports)}", targets, durations, rng)
        reports.append(finished(folder, f"chain{len(reports)}"))
    return moments, reports


def judged(moments: list[Any], reports: list[Any], expected: Any, durations: dict[str, float]) -> str:
    """Compare and record; the outcome in words. Raises AssertionError if a report differs."""
    for number, report in enumerate(reports):
        assert without_times(report) == without_times(expected), f"chain {number} ended with another report"
    longest = max(moment["gone_after"] for moment in moments)
    stages = {f"{stage} undisturbed, s": round(seconds, 3) for stage, seconds in durations.items()}
    record("kill", {"kills": len(moments), "run folders": len(reports), "longest survivor, s": longest} | stages)
    return f"{len(moments)} of {len(moments)} went on to the same report; the last process was gone after {longest} s"


def main(count: int, chains: int) -> None:
    """Print and write what came out; AssertionError at the first thing that is wrong."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "small.toml").write_text(RECIPE)
        expected = finished(folder, "undisturbed")
        durations = {stage: expected[stage]["seconds"] for stage in STAGES}
        print(f"undisturbed: {durations}", flush=True)
        print(judged(*killed(folder, count, chains, durations), expected, durations))


if __name__ == "__main__":
    arguments = [int(text) for text in sys.argv[1:]]
    main(*(arguments + [40, 1][len(arguments) :]))
