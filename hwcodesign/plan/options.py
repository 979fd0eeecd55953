"""What a group of layers may be for a number of cycles, and which of it costs least.

Kept from one network to the next, as groups are: which combination is the cheapest depends on nothing but the group,
the cycles, and the lanes of the streams that come in.
"""

import math
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from hwcodesign.dataflow import Layer, Stream
from hwcodesign.fpga.board import Board
from hwcodesign.fpga.resources import Resources
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.kinds.fifo import SHORTEST
from hwcodesign.plan.groups import REMEMBERED_GROUPS, REMEMBERED_STREAMS, Combination, Group, converters
from hwcodesign.plan.memory import cheaper_storage, logic_resources


class Entering(NamedTuple):
    """A stream that enters a group: which of its layers reads it, at which input, and the lanes that are sent."""

    layer: int
    port: int
    sent: int


class Options:
    """Of the group's combinations with these `numbers`, those that take at most `cycles` for a frame."""

    def __init__(self, group: Group, cycles: int, numbers: Sequence[int]) -> None:
        self.numbers = numbers
        self._group, self._cycles = group, cycles
        self._cheapest: dict[tuple[Entering, ...], Combination] = {}

    @cached_property
    def combinations(self) -> Sequence[Combination]:
        """Those that are fast enough."""
        every, slowest = self._group.combinations, self._group.slowest
        return tuple(every[n] for n in self.numbers if slowest[n] <= self._cycles)

    @property
    def without_wishes(self) -> "Options":
        """All of the group's, whatever the user asked for."""
        return every_option(self._group, self._cycles)

    @property
    def least(self) -> tuple[int, ...]:
        """Of each layer, the fewest cycles for a frame."""
        if len(self.numbers) == len(self._group.cycles):
            return self._group.least
        return tuple(map(min, zip(*(self._group.cycles[n] for n in self.numbers), strict=True)))

    @property
    def least_together(self) -> int:
        """The fewest cycles for a frame of all layers at once."""
        return min(self._group.slowest[n] for n in self.numbers)

    def cheapest(self, entering: tuple[Entering, ...]) -> Combination:
        """The combination that takes the smallest share of the board, width converters counted."""
        if entering not in self._cheapest:
            self._cheapest[entering] = self._search(entering)
        return self._cheapest[entering]

    def _search(self, entering: tuple[Entering, ...]) -> Combination:
        """Those whose logic alone takes more than the best so far are not looked at: memories take time to lay out."""
        board = self._group.board
        least = sorted((self._group.logic(option).share(board), option) for option in self._least_parallel)
        best = (math.inf, least[0][1])
        for logic, option in least:
            if logic > best[0]:
                break
            best = min(best, (self._cost(option, entering), option))
        return best[1]

    @property
    def _least_parallel(self) -> list[Combination]:
        """Those that work on at most twice as much at once as the least: the cheapest is among them."""
        widths = [option[-1].pe * option[-1].simd for option in self.combinations]
        most = 2 * min(widths)
        return [option for option, width in zip(self.combinations, widths, strict=True) if width <= most]

    def _cost(self, option: Combination, entering: tuple[Entering, ...]) -> float:
        """The share of the board that this choice takes, with the width converters towards and between its layers."""
        layers, board = self._group.layers, self._group.board
        total = self._group.taken(option)
        for i, port, sent in entering:
            needed, _ = kind_of(layers[i].kind).lanes(layers[i], option[i])
            if sent != needed:
                total += converters(board.device, layers[i].inputs[port], sent, needed)
        if len(option) > 1 and option[0].simd > 1:
            total += waiting_windows(layers[0], layers[1], option[1], board, self._cycles)
        return total.share(board)


@lru_cache(2 * REMEMBERED_GROUPS)
def every_option(group: Group, cycles: int) -> Options:
    """All combinations of the group that are fast enough."""
    return Options(group, cycles, range(len(group.combinations)))


def waiting_windows(window: Layer, reader: Layer, reads: Folding, board: Board, cycles: int) -> Resources:
    """What the FIFO behind whole windows takes where a frame takes `cycles`, an estimate."""
    pixel_cycles = kind_of(reader.kind).pixel_cycles(reader, reads)
    waiting = kind_of(window.kind).waiting(window, cycles, pixel_cycles)
    return _fifo(window.output, max(SHORTEST, waiting), board)


@lru_cache(REMEMBERED_STREAMS)
def _fifo(stream: Stream, depth: int, board: Board) -> Resources:
    fifo, folding = Layer("", "fifo", (stream,), (stream,), {"depth": depth}), Folding(stream.channels)
    memories = kind_of(fifo.kind).memories(fifo, folding)
    return sum((cheaper_storage(board, m)[1] for m in memories), logic_resources(board.device, fifo, folding))
