"""How long the answers that should be instant take: `hwcodesign --help` and the budget check of full SqueezeNet v1.0.

    python benchmarks/check_time.py

Whole-process seconds, Python's start included; the median of RUNS.
"""

import statistics
import subprocess
import sys
import time

from benchmarks.history import record

RUNS = 7
COMMANDS = (["--help"], ["check", "squeezenet-v1.0"], ["check", "squeezenet-v1.0", "--board", "pynq-z1"])


def seconds(arguments: list[str]) -> float:
    """One run of `hwcodesign` with these arguments."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "hwcodesign", *arguments], capture_output=True, check=False)
    return time.perf_counter() - start


if __name__ == "__main__":
    figures = {}
    for arguments in COMMANDS:
        times = [seconds(arguments) for _ in range(RUNS)]
        print(f"hwcodesign {' '.join(arguments):40} {statistics.median(times):6.3f} s (worst {max(times):.3f} s)")
        figures[f"hwcodesign {' '.join(arguments)}, s"] = round(statistics.median(times), 3)
    record("check_time", figures)
