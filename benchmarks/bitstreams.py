"""Bitstreams of the digits networks: the clock reached, and what place and route took of each resource beside the plan.

    python benchmarks/bitstreams.py [RUNS [BOARD ...]]

Every design is trained, compiled, proven and built with open tools (an hour on two cores; what RUNS already holds is
not made again), or those for the BOARDs alone. `network` is everything but the link, the clock and the reset, which
have columns of their own. LUTs are the places that are taken, so the ends of carry chains and the write ports of LUT
RAMs count.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.history import record
from hwcodesign.recipe import load_recipe

# The recipe and the options of each: the demo at its clock, with DSPs, and at other boards' clocks; the largest on two
# small boards (largest_digits.py); and small networks for families whose place and route takes long.
DESIGNS: Sequence[tuple[str, ...]] = (
    ("digits-squeezenet", "--clock-mhz", "80"),
    (str(Path(__file__).parent / "digits-dsp.toml"),),
    ("digits-squeezenet", "--board", "ulx3s-25f", "--frame-rate", "1000"),
    ("digits-squeezenet", "--board", "tang-nano-20k", "--frame-rate", "1000"),
    ("digits-icebreaker",),
    ("digits-icebreaker-loaded",),
    ("digits-tang-nano",),
    ("digits-icebreaker", "--board", "gatemate-a1-evb", "--frame-rate", "30", "--frames", "4", "--seed", "2"),
    ("digits-icebreaker", "--board", "crosslink-nx-evn", "--frame-rate", "30", "--frames", "4"),
)
COLUMNS = ("design", "board", "bitstream", "clock reached", "resource", "placed", "link, clock", "planned", "network",
           "planned", "off", "time")  # fmt: skip


def built(design: Sequence[str], runs: Path) -> dict[str, Any]:
    """Build one design in a folder of its own; its report."""
    recipe, *options = design
    name = Path(recipe).stem
    folder = runs / "-".join([name, *(part.lstrip("-") for part in options)])
    command = [sys.executable, "-m", "hwcodesign", "bitstream", *design, "--runs", str(folder)]
    process = subprocess.run(command, check=False)
    if process.returncode not in (0, 4):  # 4: the clock was missed; the table says by how much
        raise SystemExit(process.returncode)
    report: dict[str, Any] = json.loads((folder / name / "report.json").read_text())
    return report


def rows(design: Sequence[str], report: dict[str, Any]) -> list[list[str]]:
    """The cells of COLUMNS, a row for each resource."""
    made, found = report["bitstream"], []
    seconds = sum(phase["seconds"] for phase in made["phases"].values())
    head = [" ".join([Path(design[0]).stem, *design[1:]]), made["board"], f"{made['bytes']:,} bytes"]
    head.append(f"{made['fmax_mhz']:g} MHz ({made['clock_mhz']:g} planned)")
    for name, amount in made["resources"].items():
        planned, network = amount["planned"], amount["network"]
        off = f"{100 * (network - planned) / planned:+.1f} %" if planned else f"{network - planned:+d}"
        numbers = (amount["used"], amount["used"] - network, amount["link_planned"], network, planned)
        found.append([*head, name, *(f"{number:,}" for number in numbers), off, f"{seconds:.0f} s"])
        head, seconds = [""] * 4, 0
    for later in found[1:]:
        later[-1] = ""
    return found


def board_of(design: Sequence[str]) -> str:
    """The board that the options name, or the recipe."""
    return design[design.index("--board") + 1] if "--board" in design else load_recipe(design[0]).hardware.board


def figures(design: Sequence[str], report: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """What is kept of a bitstream: its clock, and of each resource what the network takes and what was planned."""
    made, name = report["bitstream"], f"{Path(design[0]).stem} on {report['bitstream']['board']}"
    yield f"{name} at {made['clock_mhz']:g} MHz: clock reached, MHz", made["fmax_mhz"]
    for resource, amount in made["resources"].items():
        yield f"{name} at {made['clock_mhz']:g} MHz: {resource.upper()}", amount["network"]
        yield f"{name} at {made['clock_mhz']:g} MHz: {resource.upper()} planned", amount["planned"]


if __name__ == "__main__":
    folder, boards = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/bitstreams"), sys.argv[2:]
    table, found = Table(*COLUMNS, title="Placed and routed, beside the plan"), dict[str, float]()
    for design in DESIGNS:
        if not boards or board_of(design) in boards:
            report = built(design, folder)
            for row in rows(design, report):
                table.add_row(*row)
            table.add_section()
            found |= figures(design, report)
    Console(width=200).print(table)
    record("bitstreams", found)
