"""Proves the properties of every handshake cell and kernel, and prints what is proven to which depth.

    python benchmarks/formal.py [MODULE ...]

A bounded proof is of every input sequence of so many clocks from reset on; `always`: induction goes on from there to
all times. `reached`: within the depth the situations are reached that the proof is about (cover statements). Minutes
on one core.
"""

import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.history import record
from hwcodesign.formal.proofs import PROOFS
from hwcodesign.formal.prover import prove


def main(modules: list[str]) -> int:
    """Print the table; 1 if a property does not hold."""
    table = Table("module", "parameters", "clocks", "bounded", "always", "reached", "seconds")
    wrong, seconds = 0, dict[str, float]()
    for proof in PROOFS:
        if modules and proof.module not in modules:
            continue
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            verdict = prove(proof, Path(folder))
        wrong += bool(verdict.failed)
        table.add_row(
            proof.module,
            " ".join(f"{key}={value}" for key, value in proof.parameters.items()),
            str(proof.depth),
            f"FAILS at {verdict.failed}" if verdict.failed else "proven",
            "proven" if verdict.always else "",
            "yes" if verdict.reached else "no",
            f"{time.monotonic() - start:.1f}",
        )
        key = f"{proof.module}, s"
        seconds[key] = round(seconds.get(key, 0) + time.monotonic() - start, 1)
    Console().print(table)
    record("formal", seconds | {"proofs that fail": wrong})
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
