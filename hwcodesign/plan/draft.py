"""Half a plan: foldings are chosen, FIFO depths and memories are not."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hwcodesign.dataflow import Dataflow
from hwcodesign.fpga.board import Board
from hwcodesign.fpga.resources import Resources
from hwcodesign.kinds import Folding, Storage, kind_of
from hwcodesign.plan.fifo import fifo_depths
from hwcodesign.plan.folding import Constraints, Target, choose_foldings
from hwcodesign.plan.insert_streams import insert_streams, with_depths
from hwcodesign.plan.link_cost import link_of
from hwcodesign.plan.memory import Place, design_memories, logic_resources, map_memories, memory_resources
from hwcodesign.plan.multipliers import into_hardware
from hwcodesign.plan.plan import Plan
from hwcodesign.plan.schedule import schedule


@dataclass(frozen=True)
class Folded:
    """Half a plan: foldings are chosen, FIFOs are still at their shortest. `storage`: of memories that have one yet."""

    board: Board
    clock_mhz: float
    frame_rate: float
    design: Dataflow
    foldings: Mapping[str, Folding]
    storage: Mapping[Place, Storage] = field(default_factory=dict)

    @property
    def least_resources(self) -> Resources:
        """What the finished plan and its link will take at least: what does not fit now needs no schedule."""
        return self.mapped(self.design)[1] + self._link

    @property
    def _link(self) -> Resources:
        return link_of(self.board, self.design, self.foldings)

    def finish(self, proof: str = "") -> Plan:
        """The plan with its FIFO depths and memories."""
        foldings = self.foldings
        cycles = {layer.name: kind_of(layer.kind).cycles(layer, foldings[layer.name]) for layer in self.design.layers}
        slowest = max(cycles, key=lambda name: cycles[name])
        depths, interval = fifo_depths(self.design, foldings, cycles[slowest])
        design = with_depths(self.design, depths)
        storage, resources = self.mapped(design)
        return Plan(
            board=self.board.name,
            clock_mhz=self.clock_mhz,
            frame_rate=self.frame_rate,
            design=design,
            foldings=foldings,
            storage=storage,
            cycles_per_frame=interval,
            slowest=slowest,
            latency_cycles=_latency(design, foldings),
            resources=resources,
            link=self._link,
            proof=proof,
        )

    def mapped(self, design: Dataflow) -> tuple[dict[str, dict[str, Storage]], Resources]:
        """Where every memory goes, beside a link, and what the whole design takes without it."""
        device = self.board.device
        logic = sum((logic_resources(device, x, self.foldings[x.name]) for x in design.layers), Resources())
        memories = design_memories(design.layers, self.foldings)
        storage = map_memories(memories, logic + self._link, self.board, self.storage)
        taken = (memory_resources(device, memories[place], storage[place]) for place in memories)
        by_layer: dict[str, dict[str, Storage]] = {}
        for (layer, memory), where in storage.items():
            by_layer.setdefault(layer, {})[memory] = where
        return by_layer, sum(taken, logic)


def fold_only(dataflow: Dataflow, target: Target, fold: Constraints) -> Folded:
    """The first half of a plan, layer by layer, for a target with a frame rate. Raises UserError as `plan` does."""
    assert target.frame_rate is not None
    board, foldings = target.board, choose_foldings(dataflow, target, fold)
    folded = Folded(board, target.clock_mhz, target.frame_rate, *insert_streams(dataflow, foldings))
    taken = folded.least_resources
    return replace(folded, foldings=into_hardware(folded.design.layers, folded.foldings, taken, board, fold))


def _latency(design: Dataflow, foldings: Mapping[str, Folding]) -> int:
    """Cycles from a first frame's first beat in to its last beat out, both ends always ready."""
    alone = schedule(design, foldings, frames=1, interval=0)
    return int(alone.output.last[-1] - alone.input.first[0])
