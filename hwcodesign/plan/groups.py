"""Layers that are folded together, and what every combination of their foldings comes to.

A group is a layer, or a sliding window and its reader. Their lanes are equal: a convolution's SIMD then divides the
channels, and a max pool sees the blocks of channels that its window sends. Or the window leaves as a whole, and a
convolution may have any SIMD (a depthwise one, if it works on all channels): what it does not take at once waits in
front of a width converter.

All of it follows from the layers' streams and attributes and from the board. So it is worked out once and kept:
networks that are planned one after the other have many of their layers in common.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache

from hwcodesign.dataflow import Dataflow, Layer, Stream
from hwcodesign.fpga.board import Board
from hwcodesign.fpga.family import Family
from hwcodesign.fpga.resources import Resources
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.plan.insert_streams import conversion, converter
from hwcodesign.plan.memory import cheaper_storage, logic_resources

REMEMBERED_GROUPS = 1 << 12  # each with up to some thousand foldings
REMEMBERED_STREAMS = 1 << 14

Names = tuple[str, ...]
Combination = tuple[Folding, ...]  # one for each layer


class Group:
    """The `layers` of a group on a board, without their names."""

    def __init__(self, layers: tuple[Layer, ...], board: Board) -> None:
        self.layers, self.board = layers, board
        self._taken: dict[Combination, Resources] = {}

    @cached_property
    def combinations(self) -> tuple[Combination, ...]:
        """The legal ones: lanes agree, or whole windows are sent and taken; the device has their multipliers."""
        options = [possible_foldings(layer, self.board.device) for layer in self.layers]
        if len(self.layers) == 1:
            return tuple((folding,) for folding in options[0])
        window, reader = self.layers
        reads = kind_of(reader.kind)
        sent = {f: kind_of(window.kind).lanes(window, f)[1] for f in options[0]}
        read = {f: (reads.lanes(reader, f)[0], reads.takes_whole_windows(reader, f)) for f in options[1]}
        return tuple(
            (f, g)
            for f, lanes in sent.items()
            for g, (needed, whole) in read.items()
            if (whole if f.simd > 1 else lanes == needed)
        )

    @cached_property
    def cycles(self) -> tuple[tuple[int, ...], ...]:
        """Of each combination, the cycles that each layer takes for a frame."""
        columns = []
        for layer, found in zip(self.layers, zip(*self.combinations, strict=True), strict=True):
            taken = {folding: kind_of(layer.kind).cycles(layer, folding) for folding in dict.fromkeys(found)}
            columns.append([taken[folding] for folding in found])
        return tuple(zip(*columns, strict=True))

    @cached_property
    def slowest(self) -> tuple[int, ...]:
        """Of each combination, the cycles for a frame."""
        return tuple(map(max, self.cycles))

    @cached_property
    def least(self) -> tuple[int, ...]:
        """Of each layer, the fewest cycles for a frame."""
        return tuple(map(min, zip(*self.cycles, strict=True)))

    def taken(self, combination: Combination) -> Resources:
        """What its layers take, each memory where it is cheapest, with the width converters between them."""
        if combination not in self._taken:
            self._taken[combination] = sum(self._memories(combination), self.logic(combination))
        return self._taken[combination]

    def logic(self, combination: Combination) -> Resources:
        """What its layers take without their memories, with the width converters between them."""
        return sum(self._logic(combination), Resources())

    def _memories(self, combination: Combination) -> Iterator[Resources]:
        for layer, folding in zip(self.layers, combination, strict=True):
            for memory in kind_of(layer.kind).memories(layer, folding):
                yield cheaper_storage(self.board, memory)[1]

    def _logic(self, combination: Combination) -> Iterator[Resources]:
        device = self.board.device
        for layer, folding in zip(self.layers, combination, strict=True):
            yield logic_resources(device, layer, folding)
        if len(self.layers) > 1:
            (window, reader), (sends, reads) = self.layers, combination
            _, sent = kind_of(window.kind).lanes(window, sends)
            yield converters(device, window.output, sent, kind_of(reader.kind).lanes(reader, reads)[0])


def groups(dataflow: Dataflow, board: Board) -> dict[Names, Group]:
    """The groups of a graph by the names of their layers, in the order of the graph."""
    found: dict[Names, Group] = {}
    done: set[str] = set()
    for layer in dataflow.layers:
        if layer.name not in done:
            together = [layer, *_tied_reader(dataflow, layer)]
            found[tuple(x.name for x in together)] = _group(tuple(x.bare for x in together), board)
            done.update(x.name for x in together)
    return found


@lru_cache(REMEMBERED_GROUPS)
def _group(bare: tuple[Layer, ...], board: Board) -> Group:
    return Group(bare, board)


def _tied_reader(dataflow: Dataflow, layer: Layer) -> list[Layer]:
    if not kind_of(layer.kind).folded_with_reader:
        return []
    return [dataflow.by_name[edge.target] for edge in dataflow.edges_from(layer.name)]


def possible_foldings(layer: Layer, device: Family) -> Sequence[Folding]:
    """The foldings whose hardware multipliers the device has."""
    return _possible_foldings(layer.bare, device)


@lru_cache(REMEMBERED_GROUPS)
def _possible_foldings(bare: Layer, device: Family) -> tuple[Folding, ...]:
    kind = kind_of(bare.kind)
    return tuple(f for f in kind.foldings(bare) if kind.operand_bits(bare, f) <= device.multiplier_bits)


@lru_cache(REMEMBERED_STREAMS)
def converters(device: Family, stream: Stream, sent: int, needed: int) -> Resources:
    """What the width converters on a stream between these lanes take."""
    steps = (converter("", stream, few, many) for _, few, many in conversion(sent, needed))
    return sum((logic_resources(device, step, Folding()) for step in steps), Resources())
