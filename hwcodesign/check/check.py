"""Does it fit? Every layer's memories and logic against what the board lets a design use.

Bits, words, block RAMs and DSPs are counted; LUTs and flip-flops are estimates calibrated against synthesis, and come
with the error measured there. Neither torch nor FINN is needed: a recipe is answered before any training.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from hwcodesign.check.suggestions import Change, changes_to_model, changes_to_recipe, predicted
from hwcodesign.dataflow import Dataflow
from hwcodesign.fpga.board import RESOURCES, Board
from hwcodesign.fpga.calibration import is_calibrated, measured_error
from hwcodesign.fpga.resources import Resources
from hwcodesign.graph.interface import interface_of
from hwcodesign.kinds import kind_of
from hwcodesign.plan import Plan, plan
from hwcodesign.plan.folding import Constraints
from hwcodesign.plan.insert_streams import inserted
from hwcodesign.plan.memory import logic_resources, memory_resources
from hwcodesign.plan.planner import NO_CONSTRAINTS
from hwcodesign.plan.rates import Rates, rates_of
from hwcodesign.recipe import HardwareTable, Recipe

PURPOSES = ("weights", "thresholds", "line_buffers", "fifos")


@dataclass(frozen=True)
class LayerUse:
    """What one layer takes, with the FIFOs and converters of the streams that leave it. `bits` by purpose.

    `block_bits` are those that lie in block RAM, `loaded_bits` those that are loaded after every reset.
    """

    name: str
    kind: str
    pe: int
    simd: int
    cycles: int
    bits: Mapping[str, int]
    block_bits: int
    loaded_bits: int
    resources: Resources


@dataclass(frozen=True)
class CheckReport:
    """The verdict, and what it rests on: what the layers take, and what the host's link and the clock take beside them.

    `uncalibrated`: the kinds of kernels whose LUTs and flip-flops no measurement stands behind, only their structure.
    `rates`: what the core can do, what the link carries, and what a user gets.
    `changes`: if it does not fit, the smallest changes with which it would, each tried.
    """

    board: Board
    clock_mhz: float
    frame_rate: float
    layers: tuple[LayerUse, ...]
    link: Resources
    rates: Rates
    over: tuple[str, ...]
    proof: str = ""
    uncalibrated: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def fits(self) -> bool:
        """Nothing is over what the board lets a design use."""
        return not self.over

    @property
    def total(self) -> Resources:
        """What must fit: every layer, link and clock."""
        return sum((layer.resources for layer in self.layers), self.link)

    @property
    def estimate_error(self) -> Mapping[str, float] | None:
        """The relative error of the estimated resources, by name; None if the family was never measured.

        It was measured on designs of calibrated kinds; see `uncalibrated` for the others.
        """
        return measured_error(self.board.device)

    @property
    def bits(self) -> dict[str, int]:
        """Bits on the chip, by purpose."""
        return {purpose: sum(layer.bits[purpose] for layer in self.layers) for purpose in PURPOSES}

    @property
    def loaded_bits(self) -> int:
        """Bits that the host loads into large RAM after every reset."""
        return sum(layer.loaded_bits for layer in self.layers)

    def filled(self, uses: Sequence[LayerUse]) -> float | None:
        """Useful bits over allocated bits of these layers' block RAM; None if they have none."""
        blocks = sum(use.resources.block_ram for use in uses)
        useful = sum(use.block_bits for use in uses)
        return useful / (blocks * self.board.device.block_bits) if blocks else None

    def summary(self) -> dict[str, Any]:
        """The check's part of report.json: `fits` first."""
        return {
            "fits": self.fits,
            "board": self.board.name,
            "over": list(self.over),
            "used": asdict(self.total),
            "link": asdict(self.link),
            "usable": {name: self.board.usable[name] for name in RESOURCES},
            "available": {name: getattr(self.board.resources, name) for name in RESOURCES},
            "block_ram_unit": self.board.device.block_name,
            "large_ram_unit": self.board.device.large_ram,
            "estimate_error": self.estimate_error,
            "uncalibrated": list(self.uncalibrated),
            "bits": self.bits,
            "block_ram_filled": self.filled(self.layers),
            "loaded_bits": self.loaded_bits,
            "clock_mhz": self.clock_mhz,
            "frame_rate": round(self.frame_rate, 3),
            "rates": self.rates.summary(),
            "proof": self.proof,
            "changes": [asdict(change) for change in self.changes],
        }

    def document(self) -> dict[str, Any]:
        """Everything, ready for JSON: the summary, and every layer with how full its block RAM is."""
        layers = [asdict(layer) | {"block_ram_filled": self.filled([layer])} for layer in self.layers]
        return self.summary() | {"layers": layers}

    def save(self, folder: Path) -> None:
        """Write the document as `check.json`."""
        (folder / "check.json").write_text(json.dumps(self.document(), indent=1) + "\n")

    @property
    def bottleneck(self) -> str:
        """What a faster design would have to change: the slowest layer, and the resource nearest to its limit."""
        slowest = max(self.layers, key=lambda layer: layer.cycles)
        usable = self.board.usable
        filled = {key: getattr(self.total, key) / usable[key] for key in RESOURCES if usable[key]}
        key = max(filled, key=lambda name: filled[name])
        fullest = f"{self.board.unit(key)}, at {filled[key]:.0%} of its limit"
        return f"the slowest layer is {slowest.name}, the fullest resource {fullest}"

    def verdict(self) -> str:
        """One sentence, and the changes that would make it fit."""
        rate = f"at {self.frame_rate:.1f} frames per second and {self.clock_mhz:g} MHz"
        proof = f" ({self.proof})" if self.proof else ""
        if self.fits:
            large = f"{self.loaded_bits:,} bits of weights in {self.board.unit('large_ram')}"
            loaded = f"; {large} are loaded after every reset" if self.loaded_bits else ""
            slow = f"\n{self.rates.sentence()}" if self.rates.link_limits else ""
            return f"fits {self.board.name} {rate}; {self.bottleneck}{loaded}{proof}{slow}"
        names = [self.board.unit(name) for name in self.over]
        amounts = (
            f"{getattr(self.total, key)} of {self.board.usable[key]} usable {name}"
            for key, name in zip(self.over, names, strict=True)
        )
        head = f"does not fit {self.board.name} {rate}: it needs {', '.join(amounts)}{proof}"
        if not self.changes:
            return f"{head}\nno change of bits, network, frame rate or board that was tried makes it fit"
        return "\n".join([head, "the smallest changes that make it fit:", *(f"  - {c.what}" for c in self.changes)])


def check(dataflow: Dataflow, planned: Plan, board: Board, fold: Constraints = NO_CONSTRAINTS) -> CheckReport:
    """The report on a graph that was planned under `fold`; the changes it tries are other hardware."""
    report = measure(planned, board)
    return report if report.fits else replace(report, changes=changes_to_model(dataflow, planned, board, fold))


def check_recipe(recipe: Recipe) -> CheckReport:
    """The report on a recipe, before any training. Raises UserError as `predict` and `plan` do."""
    board = recipe.hardware.load_board()
    planned = plan(predicted(recipe), board, **recipe.hardware.wishes())
    report = measure(planned, board)
    return report if report.fits else replace(report, changes=changes_to_recipe(recipe, planned.frame_rate))


def check_graph(graph: Dataflow, hardware: HardwareTable) -> CheckReport:
    """The report on a lowered graph that has not been planned yet. Raises UserError as `plan` does."""
    board = hardware.load_board()
    return check(graph, plan(graph, board, **hardware.wishes()), board, hardware.fold)


def measure(planned: Plan, board: Board) -> CheckReport:
    """What the plan takes of the board, layer by layer; no changes are looked for."""
    owner = _owners(planned.design)
    bits: dict[str, Counter[str]] = {name: Counter() for name in owner.values()}
    taken = dict.fromkeys(owner.values(), Resources())
    in_blocks, loaded = Counter[str](), Counter[str]()
    uncalibrated = set()
    for layer in planned.design.layers:
        folding, name = planned.foldings[layer.name], owner[layer.name]
        taken[name] += logic_resources(board.device, layer, folding)
        if not is_calibrated(board.device, layer.kind, kind_of(layer.kind).logic(layer, folding)):
            uncalibrated.add(layer.kind)
        for memory in kind_of(layer.kind).memories(layer, folding):
            purpose = memory.name if memory.name in PURPOSES else "fifos" if inserted(layer) else "line_buffers"
            bits[name][purpose] += memory.bits
            where = planned.storage[layer.name][memory.name]
            taken[name] += memory_resources(board.device, memory, where)
            in_blocks[name] += where.block_bits
            loaded[name] += memory.bits if where.way else 0
    layers = tuple(_use(planned, name, bits[name], (in_blocks[name], loaded[name]), taken[name]) for name in taken)
    return CheckReport(
        board,
        planned.clock_mhz,
        planned.planned_frame_rate,
        layers,
        planned.link,
        rates_of(board, interface_of(planned.design, planned.foldings), planned.planned_frame_rate, planned.clock_mhz),
        tuple(planned.total.over(board)),
        planned.proof,
        tuple(sorted(uncalibrated)),
    )


def _use(planned: Plan, name: str, bits: Counter[str], placed: tuple[int, int], resources: Resources) -> LayerUse:
    layer, folding = planned.design.by_name[name], planned.foldings[name]
    cycles = kind_of(layer.kind).cycles(layer, folding)
    by_purpose = {purpose: bits[purpose] for purpose in PURPOSES}
    return LayerUse(name, layer.kind, folding.pe, folding.simd, cycles, by_purpose, *placed, resources)


def _owners(design: Dataflow) -> dict[str, str]:
    """For each layer of the design, itself, or the layer whose stream the inserted one carries."""
    owner: dict[str, str] = {}
    for layer in design.layers:
        owner[layer.name] = owner[design.edges_into(layer.name)[0].source] if inserted(layer) else layer.name
    return owner
