"""Kills a search (kill -9) at random moments, first the process that was started, then a worker of it, and goes on.

    python -m benchmarks.explore_kill [MOMENTS]

Each half of the moments is a search of its own, with two processes. At the end each must have exactly the points that
it was asked for, none twice. Writes benchmarks/explore_kill.json.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.history import record
from benchmarks.kill import parents

POINTS = 120
STUDY = f"""
name = "killed"
recipe = "digits-squeezenet"
objectives = ["frame_rate", "lut"]
[space]
"network.base_e" = [8, 16, 24, 32]
"network.SR" = [0.125, 0.25, 0.5]
"network.pct_3x3" = [0.25, 0.5, 0.75]
"quantization.weight_bits" = [2, 3, 4]
"hardware.frame_rate" = [300, 1000, 3000]
[search]
sampler = "tpe"
points = {POINTS}
"""
LONGEST = 12.0  # seconds into a search


def finished(out: Path) -> int:
    """Trials in the journal that were told a result."""
    journal = out / "journal.log"
    return journal.read_text().replace(" ", "").count('"state":1') if journal.exists() else 0


def search(folder: Path, moments: int, worker: bool, draw: random.Random) -> dict[str, Any]:
    """One search, disturbed `moments` times, then left alone to its end."""
    folder.mkdir()
    study, out = folder / "killed.toml", folder / "out"
    study.write_text(STUDY)
    command = [sys.executable, "-m", "hwcodesign", "explore", str(study), "--out", str(out), "--jobs", "2"]
    killed = []
    for _ in range(moments):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        after = draw.uniform(1.0, LONGEST)
        until = time.monotonic() + after
        while process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        if process.poll() is not None:
            break
        workers = [child for child, parent in parents().items() if parent == process.pid]
        victims = workers if worker else [process.pid]
        for victim in victims[:1]:
            os.kill(victim, signal.SIGKILL)
        killed.append({"after_seconds": round(after, 1), "points_then": finished(out)})
        if worker:  # the search itself goes on, and is stopped for the next moment as a person would
            time.sleep(1.0)
            process.send_signal(signal.SIGINT)
        process.wait()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    found = json.loads((out / "points.json").read_text())["points"]
    different = {json.dumps(point["params"], sort_keys=True) for point in found}
    return {"killed": killed, "points": len(found), "different_points": len(different), "asked_for": POINTS}


def main(moments: int) -> None:
    """Both searches; exit code 1 if a point is missing or there twice."""
    draw = random.Random(5)
    with tempfile.TemporaryDirectory() as folder:
        document = {
            "the_run": search(Path(folder) / "run", moments // 2, False, draw),
            "a_worker": search(Path(folder) / "worker", moments - moments // 2, True, draw),
        }
    Path(__file__).with_suffix(".json").write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps(document, indent=1))
    record("explore_kill", {name: found["different_points"] for name, found in document.items()})
    whole = all(d["points"] == d["different_points"] == d["asked_for"] for d in document.values())
    sys.exit(0 if whole else 1)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
