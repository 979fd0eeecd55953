"""Maps memories to block RAM, to LUTs or to both, and counts what a design takes of a device.

A memory may be split: whole blocks for most of it, LUTs for the words or columns that would leave one half empty. The
3x3 kernels of a power of two of channels are 9 * 2**k words deep: 576 words x 36 bits fill one block and an eighth of
another, whose 64 words cost one LUT a bit where LUTs have six inputs.

Layers do not share a block through its two ports: a port is then half as wide, so that two memories fit where each
alone fits half a block's depth and saves nothing; what is deeper than that is cheaper split. Nor by taking turns: where
a layer is idle half of the time, its weights already lie in the depth of a folding half as parallel.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from hwcodesign.dataflow import Layer
from hwcodesign.fpga.board import Board
from hwcodesign.fpga.calibration import calibrated
from hwcodesign.fpga.family import Family
from hwcodesign.fpga.memories import block_count, block_memory, large_memory, large_storage, lut_memory
from hwcodesign.fpga.resources import Resources
from hwcodesign.kinds import IN_LUTS, Folding, Logic, Memory, Storage, kind_of

# Memory in LUTs costs wires and clock rate, too, so only what fills its blocks badly goes there.
LUT_MEMORY_WEIGHT = 1.4
# What a block RAM may be worth, in the LUTs that hold as many bits: in the best design, all memories pay one price.
PRICES = (4.0, 1.0, 0.5, 0.25, 0.125, 0.0625, 0.0)
REMEMBERED = 1 << 16  # answers, some hundred bytes each: networks that are planned one after the other share layers


@cache
def memory_resources(family: Family, memory: Memory, storage: Storage) -> Resources:
    """What `memory` takes in that storage. In LUTs: an estimate; block RAM and large RAM are counted."""
    rest = [lut_memory(family, part) for part in _parts_in_luts(memory, storage)]
    blocks = large = 0
    if storage.large:
        large, logic = large_memory(family, memory, storage.way)
        rest.append(logic)
    elif storage.width:
        blocks, join = block_memory(family, memory._replace(words=storage.words, width=storage.width))
        rest.append(join)
        if storage.words < memory.words:
            rest.append(Logic(storage.width, 1))  # selects
    lut, ff = (sum(part.lut for part in rest), sum(part.ff for part in rest))
    return Resources(lut=lut, ff=ff, block_ram=blocks, large_ram=large)


def _parts_in_luts(memory: Memory, storage: Storage) -> Iterator[Memory]:
    """The last words of the columns in block RAM, and the columns that remain: see rom.sv and ram.sv."""
    if storage.width and storage.words < memory.words:
        yield memory._replace(words=memory.words - storage.words, width=storage.width)
    if storage.width < memory.width:
        yield memory._replace(width=memory.width - storage.width)


@cache
def storages(family: Family, memory: Memory, large: bool = False) -> tuple[Storage, ...]:
    """For each of PRICES, the storage that is cheapest where a block RAM is worth that: from more LUTs to more blocks.

    With `large`, a memory that is written or loaded lies in large RAM where that saves more block RAM than it is worth.
    """
    whole = large_storage(family, memory) if large else None
    if whole and block_count(family, memory) > 2 * memory_resources(family, memory, whole).large_ram:
        return (whole,) * len(PRICES)
    full = family.block_bits / family.lut_rom_words
    useful = _useful(family, memory)
    return tuple(min(useful, key=lambda x: (x[0].lut + price * full * x[0].block_ram, x[0].ff))[1] for price in PRICES)


@cache
def _useful(family: Family, memory: Memory) -> list[tuple[Resources, Storage]]:
    """The splits that may be the cheapest at some price: those that take less of something than each before them."""
    found: list[tuple[Resources, Storage]] = []
    for words, width in dict.fromkeys(_splits(family, memory)):
        split = Storage(words, width)
        taken = memory_resources(family, memory, split)
        if not any(x.lut <= taken.lut and x.block_ram <= taken.block_ram and x.ff <= taken.ff for x, _ in found):
            found.append((taken, split))
    return found


def _splits(family: Family, memory: Memory) -> Iterator[tuple[int, int]]:
    """All in LUTs, all in blocks; and whole blocks of some shape for as many words or columns as fill them.

    As words and columns in blocks, many of them more than once.
    """
    yield IN_LUTS.words, IN_LUTS.width
    for depth in sorted({shape.words for shape in family.block_shapes}):
        for words in {memory.words, memory.words // depth * depth} - {0}:
            yield words, memory.width
            for shape in family.block_shapes:
                parts = -(-words // shape.words)
                full = parts * memory.width // shape.width * shape.width  # columns of as many blocks as are full
                if shape.words == depth and full // parts:
                    yield words, full // parts


def logic_resources(family: Family, layer: Layer, folding: Folding) -> Resources:
    """What `layer` takes without its memories (an estimate)."""
    return _logic_resources(family, layer.bare, folding)


@lru_cache(REMEMBERED)
def _logic_resources(family: Family, bare: Layer, folding: Folding) -> Resources:
    logic = calibrated(family, bare.kind, kind_of(bare.kind).logic(bare, folding))
    return Resources(lut=logic.lut, ff=logic.ff, dsp=logic.dsp)


@lru_cache(REMEMBERED)
def cheaper_storage(board: Board, memory: Memory) -> tuple[Storage, Resources]:
    """The storage that takes the smallest share of the board (LUTs weighted), and what it takes."""
    return min(options(board, memory), key=lambda option: memory_cost(board, option[1]))


@lru_cache(REMEMBERED)
def options(board: Board, memory: Memory) -> tuple[tuple[Storage, Resources], ...]:
    """Every storage to choose between on this board, and what it takes."""
    found = dict.fromkeys(storages(board.device, memory))
    if board.usable["large_ram"]:
        found |= dict.fromkeys(storages(board.device, memory, large=True))
    return tuple((storage, memory_resources(board.device, memory, storage)) for storage in found)


def memory_cost(board: Board, taken: Resources) -> float:
    """The share of the board that a memory takes, its LUTs weighted."""
    in_luts = Resources(lut=taken.lut, ff=taken.ff)
    return taken.share(board) + (LUT_MEMORY_WEIGHT - 1) * in_luts.share(board)


Place = tuple[str, str]  # a layer's name and a memory's name


@dataclass(frozen=True)
class _Move:
    """A memory to another storage: `price` for each unit of what is scarce that it frees.

    `taken`: what it takes there; where it must leave large RAM, what it takes now.
    """

    price: float
    place: Place
    where: Storage
    taken: Resources

    def order(self) -> tuple[float, Place]:
        """The cheapest first, of equal ones by name."""
        return self.price, self.place


def map_memories(
    memories: Mapping[Place, Memory], logic: Resources, board: Board, chosen: Mapping[Place, Storage] | None = None
) -> dict[Place, Storage]:
    """A storage for every memory, within the board's limits if there is a way that this finds.

    Starts from the storage that is `chosen` for each, or the cheapest, within large RAM. While block RAM then runs out,
    it moves what is cheapest to move: what costs the fewest LUTs for each block that it frees. While LUTs run out, the
    reverse.
    """
    chosen = chosen or {}
    device, usable = board.device, board.usable
    storage = {place: chosen.get(place) or cheaper_storage(board, memory)[0] for place, memory in memories.items()}
    storage |= _out_of_large_ram(memories, storage, board)
    taken = {place: memory_resources(device, memory, storage[place]) for place, memory in memories.items()}
    for scarce, other in (("block_ram", "lut"), ("lut", "block_ram")):
        total = sum(taken.values(), logic)
        while getattr(total, scarce) > usable[scarce]:
            room, large = (usable[name] - getattr(total, name) for name in (other, "large_ram"))
            moves = [
                _Move(price, place, where, then)
                for place, memory in memories.items()
                for where, then in options(board, memory)
                if then.large_ram - taken[place].large_ram <= max(0, large)
                and (price := _price(taken[place], then, scarce, other, room)) is not None
            ]
            if not moves:
                break
            cheapest = min(moves, key=_Move.order)
            storage[cheapest.place], taken[cheapest.place] = cheapest.where, cheapest.taken
            total = sum(taken.values(), logic)
    return storage


def _out_of_large_ram(
    memories: Mapping[Place, Memory], storage: Mapping[Place, Storage], board: Board
) -> dict[Place, Storage]:
    """Other storages for what must leave large RAM where it runs out: what costs the least for each that it frees."""
    moves = []
    for place in (place for place, where in storage.items() if where.large):
        now = memory_resources(board.device, memories[place], storage[place])
        others = [option for option in options(board, memories[place]) if not option[0].large]
        where, then = min(others, key=lambda option: memory_cost(board, option[1]))
        price = (memory_cost(board, then) - memory_cost(board, now)) / now.large_ram
        moves.append(_Move(price, place, where, now))
    over = sum(move.taken.large_ram for move in moves) - board.usable["large_ram"]
    found = {}
    for move in sorted(moves, key=_Move.order):
        if over > 0:
            found[move.place] = move.where
            over -= move.taken.large_ram
    return found


def _price(now: Resources, then: Resources, scarce: str, other: str, room: int) -> float | None:
    """How much of `other` each unit of `scarce` costs that this frees; None if it frees none or takes too much."""
    freed, more = getattr(now, scarce) - getattr(then, scarce), getattr(then, other) - getattr(now, other)
    return more / freed if freed > 0 and more <= room else None


def design_memories(layers: Iterable[Layer], foldings: Mapping[str, Folding]) -> dict[Place, Memory]:
    """Every memory of the design by its place."""
    return {
        (layer.name, memory.name): memory
        for layer in layers
        for memory in kind_of(layer.kind).memories(layer, foldings[layer.name])
    }
