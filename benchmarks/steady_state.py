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


def measure(recipe: str, runs: Path) -> list[str]:
    """One row of the table."""
    options = ["--untrained", "--force", "--frames", str(FRAMES), "--runs", str(runs)]
    subprocess.run([sys.executable, "-m", "hwcodesign", "run", recipe, *options], check=True, stdout=subprocess.DEVNULL)
    return row(json.loads((runs / f"{Path(recipe).stem}-untrained" / "report.json").read_text()), Path(recipe).stem)


def row(report: dict[str, Any], name: str) -> list[str]:
    """The cells of COLUMNS."""
    simulated = report["simulate"]
    pairs = [
        (simulated["cycles_bound"], simulated["cycles_per_frame"]),
        (simulated["latency_predicted"], simulated["latency_cycles"]),
    ]
    cells = [cell for plan, rtl in pairs for cell in (f"{plan:,}", f"{rtl:,.0f}", f"{rtl / plan:.4f}")]
    return [name, *cells, f"{simulated['mismatches']} of {simulated['images']}"]


if __name__ == "__main__":
    table = Table(*COLUMNS, title="RTL over plan (random weights)")
    with tempfile.TemporaryDirectory() as scratch:
        for recipe in sys.argv[1:] or RECIPES:
            table.add_row(*measure(recipe, Path(scratch)))
    Console(width=140).print(table)
