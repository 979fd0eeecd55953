"""Networks at full size from QONNX to verified RTL: the time and memory to compile them, and frames in Verilator.

    python benchmarks/full_size.py [RECIPE ...] [--frames N] [--weight-bits BITS ...]

The weights are RANDOM, at 4 and at 2 bits if not told, with 4-bit activations. `compile` is lower, plan, check and emit
in one process (wall-clock time, Python's start included, and peak memory); `build` is Verilator and the C++ compiler;
`frames` is the simulation of the frames, and of those that reach the bounds of sums. Cycles in the steady state (from
four frames on) and latency stand beside the planned ones. Every score must equal the integer reference, and that must
equal the exported network in float64: the last column counts the frames that do not.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.history import record
from hwcodesign.recipe import find_recipe

RECIPES = ("squeezenet-v1.1", "squeezenet-v1.0-bypass", "zynqnet")
WEIGHT_BITS = (4, 2)
COLUMNS = ("network", "layers", "compile", "memory", "board", "block RAM", "cycles/frame", "of planned", "latency",
           "of planned", "build", "frames", "cycles/s", "frames that differ")  # fmt: skip


class Usage(NamedTuple):
    """Of one process: wall-clock seconds, and its largest memory in GB."""

    seconds: float
    gigabytes: float


def hwcodesign(*arguments: str | Path) -> Usage:
    """Run the tool. Raises CalledProcessError if it fails."""
    command = [sys.executable, "-m", "hwcodesign", *map(str, arguments)]
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if code := os.waitstatus_to_exitcode(status):
        raise subprocess.CalledProcessError(code, command)
    return Usage(time.monotonic() - start, used.ru_maxrss / 1e6)


def measure(recipe: Path, frames: int, runs: Path) -> tuple[Usage, dict[str, Any]]:
    """What compiling it took, and the report of its run."""
    common: list[str | Path] = [recipe, "--untrained", "--force", "--frames", str(frames), "--runs", runs]
    hwcodesign("run", *common, "--to", "export")
    compiled = hwcodesign("run", *common, "--from", "lower", "--to", "emit")
    hwcodesign("run", *common, "--from", "simulate")
    return compiled, json.loads((runs / f"{recipe.stem}-untrained" / "report.json").read_text())


def row(name: str, compiled: Usage, report: dict[str, Any]) -> list[str]:
    """The cells of COLUMNS."""
    lowered, check, simulated = (report[stage] for stage in ("lower", "check", "simulate"))
    differing = lowered["mismatches"] + simulated["mismatches"]
    cycles, ratio = of_planned(simulated)
    return [
        name, str(lowered["layers"]), f"{compiled.seconds:.0f} s", f"{compiled.gigabytes:.2f} GB",
        check["board"] + ("" if check["fits"] else " (too small)"),
        f"{check['used']['block_ram']} of {check['available']['block_ram']} {check['block_ram_unit']}",
        f"{simulated['cycles_bound']:,}", f"{cycles:.4f}" if cycles else "",
        f"{simulated['latency_cycles']:,}", f"{ratio:.4f}",
        f"{simulated['build_seconds']:.0f} s", f"{simulated['cycles'] / simulated['cycles_per_second']:.0f} s",
        f"{simulated['cycles_per_second']:,}",
        f"{differing} of {lowered['images'] + simulated['images']}",
    ]  # fmt: skip


def of_planned(simulated: dict[str, Any]) -> tuple[float | None, float]:
    """Cycles per frame in the steady state, if there was one, and latency, over the planned ones."""
    steady = simulated["cycles_per_frame"]
    latency = simulated["latency_cycles"] / simulated["latency_predicted"]
    return steady and steady / simulated["cycles_bound"], latency


def figures(name: str, compiled: Usage, report: dict[str, Any]) -> dict[str, float]:
    """What is kept of a run."""
    simulated = report["simulate"]
    cycles, latency = of_planned(simulated)
    return ({f"{name}: cycles over the plan's": round(cycles, 6)} if cycles else {}) | {
        f"{name}: compiled in s": round(compiled.seconds, 1),
        f"{name}: GB of memory": round(compiled.gigabytes, 2),
        f"{name}: cycles/s": simulated["cycles_per_second"],
        f"{name}: latency over the plan's": round(latency, 6),
        f"{name}: frames that differ": report["lower"]["mismatches"] + simulated["mismatches"],
    }


def with_weight_bits(name: str, bits: int, folder: Path) -> Path:
    """A copy of the recipe `name` with `bits` for its weights, those of layers that it singles out left alone."""
    path, line, text = folder / f"{name}-w{bits}a4.toml", f"weight_bits = {bits}", find_recipe(name).read_text()
    changed, count = re.subn(r"^weight_bits = \d+$", line, text, flags=re.MULTILINE)
    path.write_text(changed if count else f"{text}\n[quantization]\n{line}\n")
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", default=RECIPES)
    parser.add_argument("--frames", type=int, default=1, help="random frames, besides those that reach the bounds")
    parser.add_argument("--weight-bits", type=int, nargs="+", default=WEIGHT_BITS, metavar="BITS")
    asked = parser.parse_args()
    table = Table(*COLUMNS, title="Untrained networks (random weights)")
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name in asked.recipes:
            for bits in asked.weight_bits:
                recipe = with_weight_bits(name, bits, Path(scratch))
                measured = measure(recipe, asked.frames, Path(scratch) / "runs")
                table.add_row(*row(recipe.stem, *measured))
                found |= figures(recipe.stem, *measured)
    Console(width=200).print(table)
    record("full_size", found)
