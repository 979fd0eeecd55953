"""Damages inputs of every kind by the thousand, and counts what ends otherwise than it may.

    python -m benchmarks.fuzz                     all kinds; goes on where it was stopped (benchmarks/fuzz.json)
    python -m benchmarks.fuzz onnx --count 1000   one kind
    python -m benchmarks.fuzz onnx --only 417     one case, here, with its traceback

A finding is a traceback, a hang, a death by signal, too much memory, or an exit code that no command may have.
"""

import datetime
import json
from pathlib import Path
from typing import Any

import click

from benchmarks import history
from benchmarks.fuzz.kinds import KINDS
from benchmarks.fuzz.runner import Counts, one, run

FILE = Path(__file__).parents[1] / "fuzz.json"
_PIECE = 500  # cases between two times that the counts are written


@click.command()
@click.argument("kinds", nargs=-1, type=click.Choice(list(KINDS)))
@click.option("--count", type=click.IntRange(1), help="Cases of each kind.")
@click.option("--seed", default=1, show_default=True)
@click.option("--only", type=int, help="Run this one case, in this process.")
@click.option("--json", "file", default=FILE, type=click.Path(path_type=Path), show_default=True)
def main(kinds: tuple[str, ...], count: int | None, seed: int, only: int | None, file: Path) -> None:
    """Damage inputs of the KINDS (all of them if none is named)."""
    figures: dict[str, float] = {}
    for kind in kinds or tuple(KINDS):
        make, usual, batch = KINDS[kind]
        case = make()
        if only is not None:
            one(kind, case, seed, only)
            continue
        record = _record(file, kind, seed)
        while record["cases"] < (count or usual):
            start = record["cases"]
            counts = Counts()
            for finding in run(kind, case, seed, range(start, min(start + _PIECE, count or usual)), batch, counts):
                click.echo(f"{kind} {finding.number}: {finding.what}")
                record["findings"].append([finding.number, finding.what])
            record["cases"] += counts.cases
            record["refused"] += counts.refused
            record["date"] = datetime.date.today().isoformat()
            _keep(file, kind, record)
        found = len(record["findings"])
        click.echo(f"{kind}: {record['cases']:,} cases, {record['refused']:,} refused, {found} findings")
        figures |= {f"{kind}: cases": record["cases"], f"{kind}: findings": found}
    if figures:
        history.record("fuzz", figures)


def _record(file: Path, kind: str, seed: int) -> dict[str, Any]:
    known = json.loads(file.read_text()) if file.exists() else {}
    record: dict[str, Any] = known.get(kind, {})
    return record if record.get("seed") == seed else {"seed": seed, "cases": 0, "refused": 0, "findings": []}


def _keep(file: Path, kind: str, record: dict[str, Any]) -> None:
    known = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps(known | {kind: record}, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
