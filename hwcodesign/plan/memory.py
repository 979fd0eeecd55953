"""Maps memories to block RAM or to LUTs, and counts what a design takes of a device."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from hwcodesign.board import Board
from hwcodesign.calibration import calibrated
from hwcodesign.dataflow import Layer
from hwcodesign.device import Family, block_count, lut_memory
from hwcodesign.kinds import Folding, Memory, Storage, kind_of

# Memory in LUTs costs wires and clock rate, too, so only what fills its blocks badly goes there.
LUT_MEMORY_WEIGHT = 1.4
RESOURCES = ("lut", "ff", "dsp", "block_ram")


@dataclass(frozen=True)
class Resources:
    """Amounts of a device's resources; `block_ram` in the family's unit (BRAM18, DP16KD, EBR)."""

    lut: int = 0
    ff: int = 0
    dsp: int = 0
    block_ram: int = 0

    def __add__(self, other: "Resources") -> "Resources":
        return Resources(
            self.lut + other.lut, self.ff + other.ff, self.dsp + other.dsp, self.block_ram + other.block_ram
        )

    def share(self, board: Board) -> float:
        """The cost that the planner minimises: the sum of the fractions of what the board lets a design use.

        What a board has little of is dear; so LUTs and block RAM are weighed against each other by the board itself.
        """
        usable = board.usable
        return (
            self.lut / usable["lut"]
            + self.ff / usable["ff"]
            + self.dsp / max(1, usable["dsp"])
            + self.block_ram / usable["block_ram"]
        )

    def over(self, board: Board) -> list[str]:
        """The resources that exceed the board's limits."""
        return [name for name in RESOURCES if getattr(self, name) > board.usable[name]]


@cache
def memory_resources(family: Family, memory: Memory, storage: Storage) -> Resources:
    """What `memory` takes in that storage."""
    if storage == "block":
        return Resources(block_ram=block_count(family, memory))
    cost = calibrated(family, "ram" if memory.writable else "rom", lut_memory(family, memory))
    return Resources(lut=cost.lut, ff=cost.ff)


def logic_resources(family: Family, layer: Layer, folding: Folding) -> Resources:
    """What `layer` takes without its memories (an estimate)."""
    logic = calibrated(family, layer.kind, kind_of(layer.kind).logic(layer, folding))
    return Resources(lut=logic.lut, ff=logic.ff, dsp=logic.dsp)


def cheaper_storage(board: Board, memory: Memory) -> tuple[Storage, Resources]:
    """The storage that takes the smaller share of the board (LUTs weighted), and what it takes."""
    luts, blocks = (memory_resources(board.device, memory, storage) for storage in ("lut", "block"))
    if LUT_MEMORY_WEIGHT * luts.share(board) < blocks.share(board):
        return "lut", luts
    return "block", blocks


Place = tuple[str, str]  # a layer's name and a memory's name


def map_memories(
    memories: Mapping[Place, Memory], logic: Resources, board: Board, chosen: Mapping[Place, Storage] | None = None
) -> dict[Place, Storage]:
    """A storage for every memory, within the board's limits if there is a way that this finds.

    Starts from the storage that is `chosen` for each, or the cheaper; then, while one of the two runs out, moves what
    is cheapest to move: out of block RAM what needs the fewest LUTs per block, out of LUTs what frees the most.
    """
    storage = {place: cheaper_storage(board, memory)[0] for place, memory in memories.items()} | dict(chosen or {})
    luts = {place: memory_resources(board.device, memory, "lut").lut for place, memory in memories.items()}
    blocks = {place: block_count(board.device, memory) for place, memory in memories.items()}
    by_luts_per_block = sorted(memories, key=lambda place: (luts[place] / blocks[place], place))
    lut_room = board.usable["lut"] - logic.lut - sum(luts[p] for p in storage if storage[p] == "lut")
    block_room = board.usable["block_ram"] - sum(blocks[p] for p in storage if storage[p] == "block")
    for place in by_luts_per_block:
        if block_room < 0 and storage[place] == "block" and luts[place] <= lut_room:
            storage[place] = "lut"
            lut_room, block_room = lut_room - luts[place], block_room + blocks[place]
    for place in reversed(by_luts_per_block):
        if lut_room < 0 and storage[place] == "lut" and blocks[place] <= block_room:
            storage[place] = "block"
            lut_room, block_room = lut_room + luts[place], block_room - blocks[place]
    return storage


def design_memories(layers: Iterable[Layer], foldings: Mapping[str, Folding]) -> dict[Place, Memory]:
    """Every memory of the design by its place."""
    return {
        (layer.name, memory.name): memory
        for layer in layers
        for memory in kind_of(layer.kind).memories(layer, foldings[layer.name])
    }
