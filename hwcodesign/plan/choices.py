"""What there is to choose between: every group of layers' foldings and storages, and the streams between groups.

A group is a layer, or a sliding window and its reader, which are folded together. The design's resources are the sum
of what each group's choice takes and of what each stream takes; a stream depends on the lanes at its two ends alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from hwcodesign.board import Board
from hwcodesign.dataflow import Dataflow, Edge, Layer
from hwcodesign.kinds import Folding, Memory, Storage, kind_of
from hwcodesign.plan.folding import Target, waiting_windows
from hwcodesign.plan.memory import Place, Resources, logic_resources, memory_cost, memory_resources, storages
from hwcodesign.plan.streams import lanes_at, stream_chain


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
    dataflow: Dataflow, target: Target, grouped: Mapping[tuple[str, ...], list[tuple[Folding, ...]]]
) -> Choices:
    """The choices for groups of layers (by name) and the combinations of foldings that are legal for each."""
    groups = tuple(
        tuple(
            choice
            for combination in combinations
            for choice in _choices_of(dataflow, target, dict(zip(names, combination, strict=True)))
        )
        for names, combinations in grouped.items()
    )
    group_of = {name: names for names in grouped for name in names}
    between = tuple(edge for edge in dataflow.edges if group_of[edge.source] != group_of[edge.target])
    return Choices(dataflow, target.board, groups, between)


def _choices_of(dataflow: Dataflow, target: Target, foldings: Mapping[str, Folding]) -> Iterator[Choice]:
    """One choice for each way to store the memories that is not worse than another in everything."""
    layers, board = [dataflow.by_name[name] for name in foldings], target.board
    fixed = sum((_logic(layer, foldings[layer.name], board) for layer in layers), NOTHING)
    if len(layers) == 2:
        fixed += _between(dataflow, target, foldings, *layers)
    cycles = max(kind_of(layer.kind).cycles(layer, foldings[layer.name]) for layer in layers)
    memories = {(x.name, m.name): m for x in layers for m in kind_of(x.kind).memories(x, foldings[x.name])}
    for storage, taken in _storages(memories, board):
        yield Choice(foldings, storage, cycles, fixed + taken)


def _between(
    dataflow: Dataflow, target: Target, foldings: Mapping[str, Folding], window: Layer, reader: Layer
) -> Taken:
    """The stream from a window to its reader; whole windows wait in a deeper FIFO."""
    (edge,) = dataflow.edges_from(window.name)
    chain = stream_chain(dataflow, edge, *lanes_at(dataflow, foldings, edge))
    if foldings[window.name].simd == 1:
        return sum((_logic(layer, folding, target.board) for layer, folding in chain), NOTHING)
    waiting = waiting_windows(window, reader, foldings[reader.name], target)
    converters = ((layer, folding) for layer, folding in chain if layer.kind != "fifo")
    fifo = Taken(waiting, waiting.share(target.board))
    return sum((_logic(layer, folding, target.board) for layer, folding in converters), fifo)


def _storages(memories: Mapping[Place, Memory], board: Board) -> list[tuple[dict[Place, Storage], Taken]]:
    """The cheapest ways at each price of a block RAM, but those that are worse than another in everything."""
    found: list[tuple[dict[Place, Storage], Taken]] = []
    for large in {False, board.usable["large_ram"] > 0}:
        ways = [storages(board.device, memory, large) for memory in memories.values()]
        for storage in dict.fromkeys(zip(*ways, strict=True)) if memories else [()]:
            places = dict(zip(memories, storage, strict=True))
            taken = sum((_memory(memories[place], where, board) for place, where in places.items()), NOTHING)
            if not any(other.no_worse(taken) for _, other in found):
                found = [(s, other) for s, other in found if not taken.no_worse(other)] + [(places, taken)]
    return found


def _memory(memory: Memory, storage: Storage, board: Board) -> Taken:
    taken = memory_resources(board.device, memory, storage)
    return Taken(taken, memory_cost(board, taken))


def _logic(layer: Layer, folding: Folding, board: Board) -> Taken:
    resources = logic_resources(board.device, layer, folding)
    return Taken(resources, resources.share(board))


def _stream(dataflow: Dataflow, board: Board, edge: Edge, sent: int, needed: int) -> Taken:
    chain = stream_chain(dataflow, edge, sent, needed)
    return sum((_logic(layer, folding, board) for layer, folding in chain), NOTHING)
