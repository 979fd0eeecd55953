"""The plan: everything that is decided between a graph of layers and its hardware."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hwcodesign.board import Board
from hwcodesign.dataflow import Dataflow
from hwcodesign.kinds import Folding, Storage, kind_of
from hwcodesign.plan.fifo import fifo_depths
from hwcodesign.plan.folding import Constraints, Target, choose_foldings
from hwcodesign.plan.memory import Resources, design_memories, logic_resources, map_memories, memory_resources
from hwcodesign.plan.schedule import schedule
from hwcodesign.plan.streams import insert_streams, with_depths

NO_CONSTRAINTS: Constraints = {}


@dataclass(frozen=True)
class Plan:
    """A design and all that was decided about it.

    `design` is the graph with its FIFOs and width converters as layers; `foldings` has every layer of it, `storage`
    every memory (by layer, then by memory). `cycles_per_frame` is the bound: the cycles of the slowest layer.
    `latency_cycles` run from a first frame's first beat in to its last beat out. `resources` are estimates.
    """

    board: str
    clock_mhz: float
    frame_rate: float
    design: Dataflow
    foldings: Mapping[str, Folding]
    storage: Mapping[str, Mapping[str, Storage]]
    cycles_per_frame: int
    slowest: str
    latency_cycles: int
    resources: Resources

    @property
    def planned_frame_rate(self) -> float:
        """Frames per second in the steady state."""
        return self.clock_mhz * 1e6 / self.cycles_per_frame

    @property
    def fifo_depths(self) -> dict[str, int]:
        """Depth in beats of every FIFO."""
        return {x.name: int(x.attributes["depth"]) for x in self.design.layers if x.kind == "fifo"}  # type: ignore[arg-type]

    def summary(self) -> dict[str, Any]:
        """The plan's part of report.json."""
        return {field: getattr(self, field) for field in _PLAIN_FIELDS} | {
            "planned_frame_rate": round(self.planned_frame_rate, 3),
            "resources": asdict(self.resources),
        }

    def save(self, folder: Path) -> None:
        """Write `plan.json` and the design (dataflow.json, dataflow.npz) into `folder`."""
        document = self.summary() | {
            "foldings": {name: asdict(folding) for name, folding in self.foldings.items()},
            "storage": {name: dict(memories) for name, memories in self.storage.items()},
            "fifo_depths": self.fifo_depths,
        }
        (folder / "plan.json").write_text(json.dumps(document, indent=1) + "\n")
        self.design.save(folder)

    @classmethod
    def load(cls, folder: Path) -> "Plan":
        """Read what `save` wrote."""
        document = json.loads((folder / "plan.json").read_text())
        return cls(
            design=Dataflow.load(folder),
            foldings={name: Folding(**folding) for name, folding in document["foldings"].items()},
            storage=document["storage"],
            resources=Resources(**document["resources"]),
            **{field: document[field] for field in _PLAIN_FIELDS},
        )


_PLAIN_FIELDS = ("board", "clock_mhz", "frame_rate", "cycles_per_frame", "slowest", "latency_cycles")


def plan(
    dataflow: Dataflow,
    board: Board,
    clock_mhz: float | None = None,
    frame_rate: float = 30.0,
    fold: Constraints = NO_CONSTRAINTS,
) -> Plan:
    """Decide foldings, FIFO depths and memories for `dataflow`, lowered or predicted, on `board`.

    `clock_mhz` defaults to the board's. The plan may need more than the board has: `check` tells.
    Raises UserError for a layer that its kernel cannot compute, a frame rate out of reach, or an illegal `fold`.
    """
    return fold_only(dataflow, board, clock_mhz, frame_rate, fold).finish()


@dataclass(frozen=True)
class Folded:
    """Half a plan: foldings are chosen, FIFOs are still at their shortest."""

    target: Target
    design: Dataflow
    foldings: Mapping[str, Folding]

    @property
    def least_resources(self) -> Resources:
        """What the finished plan will take at least: what does not fit now needs no schedule."""
        return _resources(self.design, self.foldings, self.target.board)[1]

    def finish(self) -> Plan:
        """The plan with its FIFO depths and memories."""
        foldings, board = self.foldings, self.target.board
        cycles = {layer.name: kind_of(layer.kind).cycles(layer, foldings[layer.name]) for layer in self.design.layers}
        slowest = max(cycles, key=lambda name: cycles[name])
        design = with_depths(self.design, fifo_depths(self.design, foldings, cycles[slowest]))
        storage, resources = _resources(design, foldings, board)
        return Plan(
            board=board.name,
            clock_mhz=self.target.clock_mhz,
            frame_rate=self.target.frame_rate,
            design=design,
            foldings=foldings,
            storage=storage,
            cycles_per_frame=cycles[slowest],
            slowest=slowest,
            latency_cycles=_latency(design, foldings),
            resources=resources,
        )


def fold_only(
    dataflow: Dataflow,
    board: Board,
    clock_mhz: float | None = None,
    frame_rate: float = 30.0,
    fold: Constraints = NO_CONSTRAINTS,
) -> Folded:
    """The first half of `plan`, which takes the same arguments and raises the same errors."""
    for layer in dataflow.layers:
        kind_of(layer.kind).check(layer)
    target = Target(board, clock_mhz or board.clock_mhz, frame_rate)
    return Folded(target, *insert_streams(dataflow, choose_foldings(dataflow, target, fold)))


def _resources(
    design: Dataflow, foldings: Mapping[str, Folding], board: Board
) -> tuple[dict[str, dict[str, Storage]], Resources]:
    """Where every memory goes, and what the whole design takes."""
    logic = sum((logic_resources(board.device, layer, foldings[layer.name]) for layer in design.layers), Resources())
    memories = design_memories(design.layers, foldings)
    storage = map_memories(memories, logic, board)
    taken = (memory_resources(board.device, memories[place], storage[place]) for place in memories)
    by_layer: dict[str, dict[str, Storage]] = {}
    for (layer, memory), where in storage.items():
        by_layer.setdefault(layer, {})[memory] = where
    return by_layer, sum(taken, logic)


def _latency(design: Dataflow, foldings: Mapping[str, Folding]) -> int:
    """Cycles from a first frame's first beat in to its last beat out, both ends always ready."""
    alone = schedule(design, foldings, frames=1, interval=0)
    return int(alone.output.last[-1] - alone.input.first[0])
