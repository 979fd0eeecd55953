"""How much of the time each layer works: as planned, and counted in the RTL simulation.

A layer's utilisation is its own cycles per frame over the cycles from one frame to the next. In the simulation a probe
is bound to every layer's kernel and counts the cycles in which the kernel's own enable says that it works; from the end
of one frame out of the layer to the end of a later one that makes the layer's work on a frame. The pace is that at the
design's end: buffers let a layer at its start run ahead for several frames.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hwcodesign.dataflow import Layer
from hwcodesign.emit.identifiers import identifiers
from hwcodesign.emit.top_level import TOP
from hwcodesign.kinds import kind_of
from hwcodesign.plan import Plan
from hwcodesign.plan.insert_streams import inserted


@dataclass(frozen=True)
class Utilisation:
    """One layer: cycles of work a frame, and the share of the time that it works."""

    layer: str
    cycles: int
    planned: float
    measured: float


def probes(plan: Plan) -> str:
    """SystemVerilog that binds a probe (sim/layer_probe.sv) to every layer of the emitted design."""
    names = identifiers(plan.design)
    return "".join(_probe(plan, layer, names[layer.name]) for layer in _layers(plan))


def measured(plan: Plan, folder: Path) -> list[Utilisation]:
    """What the probes of a simulation counted in `folder`; empty if it ran for fewer than four frames.

    The first frame is left out, and the last one, behind which no other keeps the layer's pipeline filled.
    """
    names, layers = identifiers(plan.design), list(_layers(plan))
    each = [_of_a_frame(folder / f"{names[layer.name]}.work") for layer in layers]
    counts = [count for count in each if count is not None]
    if len(counts) < len(layers):
        return []
    pace, found = counts[-1][0], []
    for layer, (_, work) in zip(layers, counts, strict=True):
        own = kind_of(layer.kind).cycles(layer, plan.foldings[layer.name])
        found.append(Utilisation(layer.name, own, own / plan.cycles_per_frame, work / pace))
    return found


def _of_a_frame(path: Path) -> tuple[float, float] | None:
    """Cycles from one frame to the next out of a layer, and its work on each; None of fewer than four frames."""
    lines = [line.split() for line in path.read_text().splitlines()]
    counts = np.array(lines[1:-1], dtype=np.int64)  # (frames, 2): cycle, work
    if len(counts) < 2:
        return None
    cycles, work = (counts[-1] - counts[0]) / (len(counts) - 1)
    return float(cycles), float(work)


def _layers(plan: Plan) -> Iterator[Layer]:
    return (layer for layer in plan.design.layers if not inserted(layer))


def _probe(plan: Plan, layer: Layer, name: str) -> str:
    kind, folding = kind_of(layer.kind), plan.foldings[layer.name]
    _, lanes = kind.lanes(layer, folding)
    working = " && ".join(f"u_{name}.{signal}" for signal in kind.working(layer, folding))
    return f"""\
bind {TOP} layer_probe #(.BEATS({layer.output.elements // lanes}), .NAME("{name}")) u_work_{name} (
  .clk_i(aclk), .rst_ni(aresetn), .working_i({working}),
  .valid_i(u_{name}.out_valid_o{_first(layer)}), .ready_i(u_{name}.out_ready_i{_first(layer)})
);
"""


def _first(layer: Layer) -> str:
    """A fork's first output stands for all of them."""
    return "[0]" if len(layer.outputs) > 1 else ""
