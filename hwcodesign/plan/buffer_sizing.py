"""The smallest FIFOs and line buffers that keep the rate: with any single one smaller the design slows or stops.

The schedule's depths (fifo.py) suffice for certain but are generous: it lets every kernel work as it could alone, while
kernels with time to spare may as well wait. So from these depths on every buffer is made as small as it can be while
the design, run clock by clock (tokens.py), still takes no longer between frames than its slowest layer; the one that
saves most bits first. A smaller buffer only ever holds beats back, so what the first could not do without, it still
cannot when the others have shrunk, and one pass over the buffers is enough.

A kernel's pipeline holds several beats when they come densely and fewer when they trickle, and how they come depends on
the stalls at the design's ends. Fewest are held by a pipeline of a single stage: so if a design of such pipelines
goes on without end, no pattern of stalls stops the real one. That is run, too, and a buffer is deeper where needed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hwcodesign.dataflow import Dataflow, Layer
from hwcodesign.fpga.board import Board
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.kinds.motion import Buffer
from hwcodesign.plan.cycle_model import ANY_LAG, TokenRun, Tokens
from hwcodesign.plan.draft import Folded
from hwcodesign.plan.plan import Plan

WORK = 900_000_000  # half a minute for a hundred buffers at 224x224
FEWEST_FRAMES = 2  # a slow cycle of layers shows in every layer's own pace, long before it shows at the output
MORE_FRAMES = 3  # to see that the answer goes on as it began
LIVELY_FRAMES = 3  # a design that stops for good stops in a frame or where the next one meets it
MOST_FRAMES = 100
ROUGHLY = 8  # of this many sizes that a buffer could have


@dataclass(frozen=True)
class Smallest:
    """Sizes of all buffers by layer, FIFOs in beats and ring buffers in pixels, and how sure it is that they are least.

    `latency`: clocks from a first frame's first beat in to its last beat out. `unproven`: buffers that may be deeper
    than they need be, since the work ran out.
    """

    sizes: Mapping[str, int]
    latency: int
    unproven: int

    @property
    def proof(self) -> str:
        """In words."""
        if not self.unproven:
            return "the least that keep the rate, one by one"
        return f"sufficient, {self.unproven} of {len(self.sizes)} not proven the least"


def smallest(design: Dataflow, foldings: Mapping[str, Folding], interval: int, work: int) -> Smallest:
    """The smallest buffers with which the design takes a frame every `interval` clocks, as its own buffers let it.

    `work` bounds the search, in looks of the simulation at a layer (some 20 ns each), and the answer depends on nothing
    else; what makes sure of the answer, a dozen frames, comes on top of it. Raises UserError without a C++ compiler.
    """
    tokens, buffers = Tokens(design, foldings, interval), _buffers(design, foldings)
    frames, lively = FEWEST_FRAMES, False
    while frames < MOST_FRAMES:
        search = _Search(tokens, buffers, work, frames, lively)
        search.shrink()
        if not search.settle(MORE_FRAMES):  # too few frames to tell
            frames += MORE_FRAMES
        elif search.lives():
            return Smallest(search.sizes, search.latency(), len(search.unproven))
        else:  # a stall might show what nothing else does
            assert not lively, "a stall stops the design with sufficient buffers for good"
            lively = True
        work = max(0, search.work)
    raise AssertionError("the design with sufficient buffers does not keep its pace")


def shrunk(planned: Plan, board: Board, work: int = WORK) -> Plan:
    """The plan with the smallest buffers and the latency of the design that has them; `work` as in `smallest`.

    Other memories stay where they are.
    """
    found = smallest(planned.design, planned.foldings, planned.cycles_per_frame, work)
    design = with_sizes(planned.design, found.sizes)
    placed = {
        (layer, memory): where
        for layer, memories in planned.storage.items()
        for memory, where in memories.items()
        if layer not in found.sizes
    }
    folded = Folded(board, planned.clock_mhz, planned.frame_rate, design, planned.foldings, placed)
    storage, resources = folded.mapped(design)
    return replace(
        planned,
        design=design,
        storage=storage,
        resources=resources,
        latency_cycles=found.latency,
        buffers=found.proof,
    )


def with_sizes(design: Dataflow, sizes: Mapping[str, int]) -> Dataflow:
    """The design with these sizes of its FIFOs (beats) and ring buffers (pixels), by layer."""

    def sized(layer: Layer) -> Layer:
        if layer.name not in sizes:
            return layer
        return replace(layer, attributes={**layer.attributes, kind_of(layer.kind).sized_by: sizes[layer.name]})

    return replace(design, layers=tuple(sized(layer) for layer in design.layers))


def _buffers(design: Dataflow, foldings: Mapping[str, Folding]) -> list[Buffer]:
    found = (kind_of(layer.kind).buffer(layer, foldings[layer.name]) for layer in design.layers)
    return [buffer for buffer in found if buffer is not None]


class _Search:
    """The sizes found so far, what it takes to find smaller ones, and the `work` that is left for that."""

    def __init__(self, tokens: Tokens, buffers: Sequence[Buffer], work: int, frames: int, lively: bool) -> None:
        self.sizes = {buffer.layer: buffer.most for buffer in buffers}
        self._buffers = sorted(buffers, key=lambda buffer: (-buffer.saving, buffer.layer))
        self._beats = {buffer.layer: buffer.beats for buffer in buffers}
        self._tokens, self.work, self._lively = tokens, work, lively
        self._too_small = {buffer.layer: buffer.least - 1 for buffer in buffers}
        self.unproven: set[str] = set()
        self._frames = frames
        while not self._paced():
            self._frames += 1
            assert self._frames < MOST_FRAMES, "the design with sufficient buffers does not keep its pace"

    def shrink(self) -> None:
        """Make each buffer as small as it can be, as far as these frames tell: first roughly, then exactly."""
        self._shrink_roughly(self._buffers)
        for buffer in self._buffers:
            self._halve(buffer, 1)

    def settle(self, more: int) -> bool:
        """Look at `more` frames: false if the sizes found do not keep the rate, else each is tried one smaller again.

        In the first frames a layer may take longer for one as its buffers settle, in the end it does not.
        """
        self._frames += more
        if not self._paced():
            return False
        for buffer in self._buffers:
            while self.sizes[buffer.layer] > buffer.least and self._suffices(
                {buffer.layer: self.sizes[buffer.layer] - 1}
            ):
                pass
            if self.sizes[buffer.layer] > buffer.least and self.work <= 0:
                self.unproven.add(buffer.layer)
        return True

    def _paced(self) -> bool:
        """Whether the design keeps its rate now; if so, what falls far behind it from now on does not."""
        run = self._run()
        # What falls behind by more than this will not make up for it.
        self._limits = [end + self._tokens.interval for end in run.ends]
        self._lag = run.lag + self._tokens.interval // 8
        return self._keeps_pace(run)

    def _shrink_roughly(self, group: Sequence[Buffer]) -> None:
        """All of the group to the least if that suffices, which for most it does."""
        if self._suffices({buffer.layer: buffer.least for buffer in group}):
            return
        if len(group) > 1:
            half = len(group) // 2
            self._shrink_roughly(group[:half])
            self._shrink_roughly(group[half:])
        else:
            self._too_small[group[0].layer] = group[0].least
            self._halve(group[0], (group[0].most - group[0].least) // ROUGHLY)

    def lives(self) -> bool:
        """Whether no stall can stop the design."""
        run = self._tokens.run(self._capacities(), LIVELY_FRAMES, shortest=True)
        self.work -= run.work
        return len(run.ends) == LIVELY_FRAMES

    def latency(self) -> int:
        """Of the first frame."""
        run = self._tokens.run(self._capacities(), 1)
        return run.ends[0] - run.first_in + 1

    def _halve(self, buffer: Buffer, precision: int) -> None:
        """Find the size that suffices to within `precision`, between what does and the largest known that does not."""
        while self.sizes[buffer.layer] - self._too_small[buffer.layer] > max(1, precision):
            middle = (self._too_small[buffer.layer] + self.sizes[buffer.layer]) // 2
            if self.work <= 0:
                return
            if not self._suffices({buffer.layer: middle}):
                self._too_small[buffer.layer] = middle

    def _suffices(self, change: Mapping[str, int]) -> bool:
        """Whether the design keeps its rate with this change; if so, it is made."""
        before = self.sizes
        if all(before[layer] == size for layer, size in change.items()):
            return True
        if self.work <= 0:
            return False
        self.sizes = {**before, **change}
        good = self._keeps_pace(self._run(limited=True)) and (not self._lively or self.lives())
        if not good:
            self.sizes = before
        return good

    def _run(self, limited: bool = False) -> TokenRun:
        limits, lag = (self._limits, self._lag) if limited else (None, ANY_LAG)
        run = self._tokens.run(self._capacities(), self._frames, limits, lag)
        self.work -= run.work
        return run

    def _capacities(self) -> dict[str, int]:
        return {layer: size * self._beats[layer] for layer, size in self.sizes.items()}

    def _keeps_pace(self, run: TokenRun) -> bool:
        """Whether neither the output nor any layer takes longer than the interval from one frame to the next."""
        if len(run.ends) < self._frames:
            return False
        paces = np.append(run.within[:, -1] - run.within[:, -2], run.ends[-1] - run.ends[-2])
        return bool(np.all(paces <= self._tokens.interval))
