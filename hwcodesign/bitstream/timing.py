"""What nextpnr's report says of the clock: how fast it can be, and which layers the critical path goes through."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from hwcodesign.bitstream.netlist import owner


@dataclass(frozen=True)
class Timing:
    """`fmax_mhz` of the design's clock; its critical path in ns, `stops` being the layers it visits, in order."""

    fmax_mhz: float
    logic_ns: float
    routing_ns: float
    start: str
    end: str
    stops: tuple[str, ...]

    def in_words(self) -> str:
        """One sentence about the critical path."""
        if not self.stops:
            return "which path is the critical one is not reported"
        where = f"in {self.stops[0]}" if len(self.stops) == 1 else f"through {' -> '.join(self.stops)}"
        return (
            f"the critical path takes {self.logic_ns + self.routing_ns:.1f} ns ({self.logic_ns:.1f} ns of logic, "
            f"{self.routing_ns:.1f} ns of routing) {where}, from {self.start} to {self.end}"
        )


def read_timing(report: Mapping[str, Any], instances: Mapping[str, str]) -> Timing:
    """The clock that is the furthest below, or the least above, what was asked for. `instances`: see netlist.owners.

    A report without the clock's critical path gives a Timing without `stops`.
    """
    clocks = report["fmax"]
    clock = min(clocks, key=lambda name: clocks[name]["achieved"] / clocks[name]["constraint"])
    edge = f"posedge {clock}"
    paths = report.get("critical_paths", ())
    path = next((p["path"] for p in paths if p["from"] == edge and p["to"] == edge), None)
    if path is None:
        return Timing(round(clocks[clock]["achieved"], 2), 0.0, 0.0, "", "", ())
    cells = [path[0]["from"]["cell"], *(step["to"]["cell"] for step in path)]
    named = [cell for cell in cells if not cell.startswith("$")]  # what place and route made itself has no name
    routing = sum(step["delay"] for step in path if step["type"] == "routing")
    return Timing(
        fmax_mhz=round(clocks[clock]["achieved"], 2),
        logic_ns=round(sum(step["delay"] for step in path) - routing, 2),
        routing_ns=round(routing, 2),
        start=_register(path[0]["from"]["cell"]),
        end=_register(path[-1]["to"]["cell"]),
        stops=tuple(layer for layer, _ in groupby(owner(cell, instances) for cell in named)),
    )


def _register(cell: str) -> str:
    """The name that a flip-flop, memory or multiplier had in the sources, as far as its cell's name tells."""
    name = cell.rsplit(".", 1)[-1]
    for mark in ("_TRELLIS_FF", "_SB_DFF", "_DFF", "_LUT", "_SB_LUT", "_CCU2C", "_DP16KD", "_MULT", "_ALU", "_TRELLIS"):
        name = name.split(mark)[0]
    return name or cell
