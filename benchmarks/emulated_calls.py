"""The emulated board and the host's command, again and again: how many pictures are answered with a name, and how fast.

    python -m benchmarks.emulated_calls [--calls 20] [--pictures 20] [--run RUN]

Every call starts `hwcodesign emulate`, waits for its port, sends the pictures by one `hwcodesign classify`, counts what
it prints and ends the board. Without RUN it makes the demo's design first (`hwcodesign run digits-squeezenet --to
emit`). The pictures are held-out ones of the run; the names must be those that the integer reference gives.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.history import record
from hwcodesign.core.run_folder import RunFolder
from hwcodesign.export.picture_task import as_seen, picture_task

DEMO = "digits-squeezenet"
COMMAND = (sys.executable, "-m", "hwcodesign")
SECONDS_TO_START = 600


def pictures_of(run: RunFolder, count: int, folder: Path) -> dict[Path, str]:
    """Held-out pictures as files, with the name that each must be given."""
    with np.load(run.stage("export") / "reference.npz") as reference:
        images, best = reference["images"][:count], reference["integer_scores"][:count].argmax(axis=1)
    task = picture_task(run)
    assert task is not None, "a run that we trained"
    names = task.names(int(best.max()) + 1)
    found = {}
    for number, (image, label) in enumerate(zip(as_seen(run, images), best, strict=True)):
        path = folder / f"{number:03}.png"
        Image.fromarray(image.squeeze().astype(np.uint8)).save(path)
        found[path] = names[label]
    return found


def call(run: Path, wanted: dict[Path, str]) -> tuple[int, str]:
    """One board and one command: how many pictures have their right name, and what went wrong if not all."""
    port = run / "emulate" / "simulation" / "port"
    board = subprocess.Popen([*COMMAND, "emulate", str(run)], stdout=subprocess.DEVNULL)
    try:
        start = time.monotonic()
        while not os.path.lexists(port):
            if board.poll() is not None or time.monotonic() - start > SECONDS_TO_START:
                return 0, "the board did not start"
            time.sleep(0.1)
        command = [*COMMAND, "classify", "--port", str(port), "--run", str(run), *map(str, wanted)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        board.terminate()
        board.wait()
    named = re.findall(r"^(\S+\.png) +(\S+) ", done.stdout, re.M)
    right = sum(wanted.get(Path(path)) == name for path, name in named)
    return right, "" if right == len(wanted) else done.stdout + done.stderr


def main() -> None:
    """Count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--pictures", type=int, default=20)
    parser.add_argument("--run", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        run = asked.run or folder / DEMO
        if not asked.run:
            subprocess.run([*COMMAND, "run", DEMO, "--to", "emit", "--runs", str(folder)], check=True)
        wanted = pictures_of(RunFolder(run.resolve()), asked.pictures, folder)
        whole, answered, start = 0, 0, time.monotonic()
        for number in range(asked.calls):
            began = time.monotonic()
            right, trouble = call(run.resolve(), wanted)
            whole, answered = whole + (right == len(wanted)), answered + right
            print(
                f"call {number + 1}: {right} of {len(wanted)} named rightly, {time.monotonic() - began:.1f} s {trouble}"
            )
        print(f"{whole} of {asked.calls} calls answered all; {answered} of {asked.calls * len(wanted)} pictures named")
        record(
            "emulated_calls", {"calls that answered all": whole, "s a call": (time.monotonic() - start) / asked.calls}
        )
    sys.exit(whole < asked.calls)


if __name__ == "__main__":
    main()
