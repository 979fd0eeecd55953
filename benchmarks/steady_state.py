"""Cycles that are true: cycles per frame and latency in RTL over those that the plan foretells.

    python benchmarks/steady_state.py [RECIPE ...]

Runs each recipe with random weights (4 bits, as the recipes have them) through lowering, planning, and FRAMES frames in
Verilator, back to back: minutes each. A full-size network is one more argument, such as squeezenet-v1.1.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.history import record

RECIPES = ("digits-squeezenet", str(Path(__file__).with_name("squeezenet-cifar.toml")), "zynqnet-nano")
FRAMES = 6  # the first two fill the pipeline; the plan's promise is about the others
COLUMNS = (
    "network",
    "cycles/frame planned",
    "in RTL",
    "ratio",
    "latency planned",
    "in RTL",
    "ratio",
    "frames that differ",
)


def measure(recipe: str, runs: Path) -> dict[str, Any]:
    """The report of its run."""
    options = ["--untrained", "--force", "--frames", str(FRAMES), "--runs", str(runs)]
    subprocess.run([sys.executable, "-m", "hwcodesign", "run", recipe, *options], check=True, stdout=subprocess.DEVNULL)
    report: dict[str, Any] = json.loads((runs / f"{Path(recipe).stem}-untrained" / "report.json").read_text())
    return report


def pairs(simulated: dict[str, Any]) -> list[tuple[float, float]]:
    """Of cycles a frame and of latency what is planned and what RTL takes."""
    return [
        (simulated["cycles_bound"], simulated["cycles_per_frame"]),
        (simulated["latency_predicted"], simulated["latency_cycles"]),
    ]


def row(simulated: dict[str, Any], name: str) -> list[str]:
    """The cells of COLUMNS."""
    cells = [cell for plan, rtl in pairs(simulated) for cell in (f"{plan:,}", f"{rtl:,.0f}", f"{rtl / plan:.4f}")]
    return [name, *cells, f"{simulated['mismatches']} of {simulated['images']}"]


def figures(simulated: dict[str, Any], name: str) -> dict[str, float]:
    """What is kept of a run."""
    names = (f"{name}: {what} over the plan's" for what in ("cycles", "latency"))
    ratios = {what: round(rtl / plan, 6) for what, (plan, rtl) in zip(names, pairs(simulated), strict=True)}
    return ratios | {f"{name}: frames that differ": simulated["mismatches"]}


if __name__ == "__main__":
    table = Table(*COLUMNS, title="RTL over plan (random weights)")
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for recipe in sys.argv[1:] or RECIPES:
            simulated = measure(recipe, Path(scratch))["simulate"]
            table.add_row(*row(simulated, Path(recipe).stem))
            found |= figures(simulated, Path(recipe).stem)
    Console(width=140).print(table)
    record("steady_state", found)
