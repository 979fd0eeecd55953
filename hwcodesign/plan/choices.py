"""What there is to choose between: every group of layers' foldings and storages, and the streams between groups.

A group is a layer, or a sliding window and its reader, which are folded together. The design's resources are the sum
of what each group's choice takes and of what each stream takes; a stream depends on the lanes at its two ends alone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from hwcodesign.dataflow import Dataflow, Edge, Layer
from hwcodesign.fpga.board import Board
from hwcodesign.fpga.resources import Resources
from hwcodesign.kinds import Folding, Memory, Storage, kind_of
from hwcodesign.plan.folding import Target
from hwcodesign.plan.insert_streams import is_fifo, lanes_at, stream_chain
from hwcodesign.plan.memory import PRICES, Place, logic_resources, memory_cost, memory_resources, storages
from hwcodesign.plan.options import waiting_windows


@dataclass(frozen=True)
class Taken:
    """What a part of the design takes, and its `cost`: the share of the board, memory in LUTs weighted."""

    resources: Resources
    cost: float

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(self.resources + other.resources, self.cost + other.cost)

    def no_worse(self, other: "Taken") -> bool:
        """Whether it takes at most as much of everything."""
        mine, others = self.resources, other.resources
        return (
            self.cost <= other.cost
            and mine.lut <= others.lut
            and mine.ff <= others.ff
            and mine.dsp <= others.dsp
            and mine.block_ram <= others.block_ram
            and mine.large_ram <= others.large_ram
        )


NOTHING = Taken(Resources(), 0.0)
_Stored = tuple[dict[Place, Storage], Taken]


@dataclass(frozen=True)
class Choice:
    """Foldings of a group's layers and storages of their memories; `cycles` per frame of the slowest of them."""

    foldings: Mapping[str, Folding]
    storage: Mapping[Place, Storage]
    cycles: int
    taken: Taken


@dataclass(frozen=True)
class Choices:
    """The whole space: for each group its choices, and the edges that join different groups."""

    dataflow: Dataflow
    board: Board
    groups: tuple[tuple[Choice, ...], ...]
    edges: tuple[Edge, ...]

    @cached_property
    def flat(self) -> tuple[Choice, ...]:
        """The choices of all groups, one after the other."""
        return tuple(choice for group in self.groups for choice in group)

    @property
    def cycle_counts(self) -> list[int]:
        """Every number of cycles per frame that a whole design can have, rising."""
        least = max(min(choice.cycles for choice in group) for group in self.groups)
        return sorted({choice.cycles for group in self.groups for choice in group if choice.cycles >= least})

    def stream(self, edge: Edge, sent: int, needed: int) -> Taken:
        """The shortest FIFO and the converters on `edge` between these lanes."""
        return _stream(self.dataflow, self.board, edge, sent, needed)


def choices(
    dataflow: Dataflow, target: Target, grouped: Mapping[tuple[str, ...], Sequence[tuple[Folding, ...]]]
) -> Choices:
    """The choices for groups of layers (by name) and the combinations of foldings that are legal for each."""
    groups = tuple(group_choices(dataflow, target, names, combinations) for names, combinations in grouped.items())
    group_of = {name: names for names in grouped for name in names}
    between = tuple(edge for edge in dataflow.edges if group_of[edge.source] != group_of[edge.target])
    return Choices(dataflow, target.board, groups, between)


@dataclass(frozen=True)
class _Option:
    """A folding of one layer: its logic, and the ways to store its memories."""

    folding: Folding
    cycles: int
    logic: Taken
    storages: list[_Stored]


def group_choices(
    dataflow: Dataflow, target: Target, names: tuple[str, ...], combinations: Sequence[tuple[Folding, ...]]
) -> tuple[Choice, ...]:
    """The choices of a group."""
    layers = [dataflow.by_name[name] for name in names]
    options = [_options(layer, {c[i] for c in combinations}, target.board) for i, layer in enumerate(layers)]
    found: list[Choice] = []
    for combination in combinations:
        chosen = [of_layer[f] for of_layer, f in zip(options, combination, strict=True) if f in of_layer]
        if len(chosen) == len(layers):
            between = _between(dataflow, target, combination, layers) if len(layers) == 2 else NOTHING
            found += _joined(names, chosen, between)
    return tuple(found)


def _options(layer: Layer, foldings: Iterable[Folding], board: Board) -> dict[Folding, _Option]:
    """What each folding takes; less those that differ from a better one in how multipliers are shared alone."""
    kind = kind_of(layer.kind)
    found: dict[Folding, _Option] = {}
    rivals: dict[Folding, list[Taken]] = {}
    for folding in sorted(foldings, key=lambda f: -f.packed):
        logic, unpacked = _logic(layer, folding, board), replace(folding, packed=0)
        if not any(rival.no_worse(logic) for rival in rivals.get(unpacked, [])):
            rivals.setdefault(unpacked, []).append(logic)
            memories = {(layer.name, memory.name): memory for memory in kind.memories(layer, folding)}
            found[folding] = _Option(folding, kind.cycles(layer, folding), logic, _storages(memories, board))
    return found


def _joined(names: tuple[str, ...], chosen: list[_Option], between: Taken) -> Iterator[Choice]:
    """One choice for each way to store the layers' memories that is not worse than another in everything."""
    foldings = {name: option.folding for name, option in zip(names, chosen, strict=True)}
    cycles = max(option.cycles for option in chosen)
    fixed = sum((option.logic for option in chosen), between)
    for storage, taken in _combined([option.storages for option in chosen]):
        yield Choice(foldings, storage, cycles, fixed + taken)


def _between(dataflow: Dataflow, target: Target, foldings: tuple[Folding, ...], layers: list[Layer]) -> Taken:
    """The stream from a window to its reader; whole windows wait in a deeper FIFO."""
    (window, reader), (sends, reads) = layers, foldings
    (edge,) = dataflow.edges_from(window.name)
    chain = stream_chain(dataflow, edge, *lanes_at(dataflow, {window.name: sends, reader.name: reads}, edge))
    if sends.simd == 1:
        return sum((_logic(layer, folding, target.board) for layer, folding in chain), NOTHING)
    waiting = waiting_windows(window, reader, reads, target.board, target.cycles)
    converters = ((layer, folding) for layer, folding in chain if not is_fifo(layer))
    fifo = Taken(waiting, waiting.share(target.board))
    return sum((_logic(layer, folding, target.board) for layer, folding in converters), fifo)


def _storages(memories: Mapping[Place, Memory], board: Board) -> list[_Stored]:
    """The cheapest way to store the memories at each price of a block RAM, without large RAM and with it."""
    found = []
    for large in (False, True)[: 1 + bool(board.usable["large_ram"])]:
        ways = {place: storages(board.device, memory, large) for place, memory in memories.items()}
        for i in range(len(PRICES)):
            chosen = {place: of_memory[i] for place, of_memory in ways.items()}
            found.append((chosen, sum((_memory(memories[p], s, board) for p, s in chosen.items()), NOTHING)))
    return found


def _combined(parts: list[list[_Stored]]) -> list[_Stored]:
    """The storages of all parts at each price, less those worse than another in everything."""
    ways: list[_Stored] = []
    for at_one_price in zip(*parts, strict=True):
        taken = sum((t for _, t in at_one_price), NOTHING)
        if not any(better.no_worse(taken) for _, better in ways):
            storage = {place: where for chosen, _ in at_one_price for place, where in chosen.items()}
            ways = [way for way in ways if not taken.no_worse(way[1])] + [(storage, taken)]
    return ways


def _memory(memory: Memory, storage: Storage, board: Board) -> Taken:
    taken = memory_resources(board.device, memory, storage)
    return Taken(taken, memory_cost(board, taken))


def _logic(layer: Layer, folding: Folding, board: Board) -> Taken:
    resources = logic_resources(board.device, layer, folding)
    return Taken(resources, resources.share(board))


def _stream(dataflow: Dataflow, board: Board, edge: Edge, sent: int, needed: int) -> Taken:
    chain = stream_chain(dataflow, edge, sent, needed)
    return sum((_logic(layer, folding, board) for layer, folding in chain), NOTHING)
