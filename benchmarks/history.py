"""What benchmarks found over time: `record` keeps the figures of a run, this command shows and draws them all.

    python benchmarks/history.py [NAME ...]

Every run of a benchmark appends a line to history/NAME.jsonl: date, commit, machine and figures by name. That is where
results are. Beside it, NAME.json holds the cases of those benchmarks that take hours and go on where they were stopped.

The table has the newest figures and how they differ from the run before on the same machine; history.png shows every
figure over what it was at first on its machine.
"""

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

FOLDER = Path(__file__).parent / "history"
PLOT = Path(__file__).with_suffix(".png")
RESULTS = ":(exclude)benchmarks/*.json*", ":(exclude)benchmarks/*.png"  # what benchmarks write makes no commit dirty


@dataclass(frozen=True)
class Entry:
    """One run: when (ISO 8601), of which commit, on what, and what it found."""

    date: str
    commit: str
    machine: str
    figures: Mapping[str, float]


def record(name: str, figures: Mapping[str, float], folder: Path = FOLDER) -> None:
    """Append a run's figures, in their units, to the history of the benchmark `name`."""
    entry = Entry(datetime.now(UTC).isoformat(timespec="seconds"), commit(), machine(), dict(figures))
    folder.mkdir(exist_ok=True)
    with (folder / f"{name}.jsonl").open("a") as file:
        file.write(json.dumps(asdict(entry)) + "\n")


def entries(name: str, folder: Path = FOLDER) -> list[Entry]:
    """Every recorded run of the benchmark, the oldest first."""
    return [Entry(**json.loads(line)) for line in (folder / f"{name}.jsonl").read_text().splitlines()]


def commit() -> str:
    """The checked-out commit, `-dirty` if files that are no results differ from it; "" outside of a checkout."""
    git = ["git", "-C", str(Path(__file__).parents[1])]
    found = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", ".", *RESULTS], capture_output=True, check=False)
    return found.stdout.strip() + ("-dirty" if changed.returncode == 1 else "")


def machine() -> str:
    """The processor, and how many of them there are."""
    file, name = Path("/proc/cpuinfo"), platform.processor() or platform.machine()
    if file.exists() and (found := re.search(r"^model name\s*: (.*)", file.read_text(), re.MULTILINE)):
        name = found[1]
    return f"{name}, {os.cpu_count()} processors"


def series(runs: list[Entry]) -> Iterator[tuple[str, list[tuple[str, float]]]]:
    """Every figure on every machine: its name, and (date, value) of each run that has it."""
    for place in dict.fromkeys(run.machine for run in runs):
        mine = [run for run in runs if run.machine == place]
        for figure in dict.fromkeys(name for run in mine for name in run.figures):
            yield figure, [(run.date, run.figures[figure]) for run in mine if figure in run.figures]


def table(name: str, runs: list[Entry]) -> Table:
    """The newest value of every figure, and the one before."""
    shown = Table(
        "figure", "newest", "before", "change", title=f"{name}: {len(runs)} runs, the last of {runs[-1].commit}"
    )
    for figure, values in series(runs):
        newest, before = values[-1][1], values[-2][1] if len(values) > 1 else None
        change = f"{newest / before - 1:+.1%}" if before else ""
        shown.add_row(figure, f"{newest:,.6g}", "" if before is None else f"{before:,.6g}", change)
    return shown


def draw(histories: Mapping[str, list[Entry]], path: Path) -> None:
    """A panel for each benchmark: its figures over their first values."""
    from matplotlib import pyplot

    rows = -(-len(histories) // 3)
    figure, axes = pyplot.subplots(rows, 3, figsize=(15, 3.2 * rows), squeeze=False)
    for axis in axes.flat[len(histories) :]:
        axis.axis("off")
    for axis, (name, runs) in zip(axes.flat, histories.items(), strict=False):
        for label, values in series(runs):
            if first := values[0][1]:
                dates = [datetime.fromisoformat(date) for date, _ in values]
                axis.plot(dates, [value / first for _, value in values], "o-", label=label)
        axis.set(title=name, ylabel="of the first run")
        axis.tick_params(axis="x", rotation=30)
        if len(axis.lines) <= 6:
            axis.legend(fontsize="x-small")
    figure.tight_layout()
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    names = sys.argv[1:] or sorted(file.stem for file in FOLDER.glob("*.jsonl"))
    found = {name: entries(name) for name in names}
    for name, runs in found.items():
        Console(width=140).print(table(name, runs))
    draw(found, PLOT)
    print(PLOT)
