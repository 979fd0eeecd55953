"""The smallest FIFOs and line buffers that keep the rate, one by one: with any of them smaller the design slows or stops.

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
from dataclasses import dataclass, field

import numpy as np

from hwcodesign.dataflow import Dataflow, Layer
from hwcodesign.kinds import Folding
from hwcodesign.kinds.sliding_window import buffer_pixels, least_pixels
from hwcodesign.plan.streams import SHORTEST
from hwcodesign.plan.tokens import Tokens

FEWEST_FRAMES = 3  # in which a slow cycle of layers shows, as each layer's own pace is looked at
MOST_FRAMES = 50


@dataclass(frozen=True)
class Buffer:
    """A FIFO or ring buffer of `layer`, which may be `least` to `most` units deep; a unit is `beats` of `bits` bits."""

    layer: str
    least: int
    most: int
    beats: int
    bits: int

    @property
    def saving(self) -> int:
        """Bits that it could shrink by at most."""
        return (self.most - self.least) * self.beats * self.bits


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
    """The smallest buffers with which a frame leaves every `interval` cycles, which the design's own buffers manage.

    `work` bounds the search, in looks of the simulation at a layer (some 20 ns each): the answer depends on nothing
    else. Raises UserError if there is no C++ compiler.
    """
    buffers = sorted(_buffers(design, foldings), key=lambda buffer: (-buffer.saving, buffer.layer))
    search = _Search(Tokens(design, foldings), interval, work, {buffer.layer: buffer.most for buffer in buffers}, buffers)
    search.shrink(buffers)
    if not search.lives(search.sizes):  # only a stall would show it
        search = _Search(search.tokens, interval, work, {buffer.layer: buffer.most for buffer in buffers}, buffers, True)
        search.shrink(buffers)
    return Smallest(search.sizes, search.latency(), len(search.unproven))


def with_sizes(design: Dataflow, sizes: Mapping[str, int]) -> Dataflow:
    """The design with these sizes of its FIFOs (beats) and ring buffers (pixels), by layer."""
    from dataclasses import replace

    def sized(layer: Layer) -> Layer:
        if layer.name not in sizes:
            return layer
        key = "depth" if layer.kind == "fifo" else "buffer"
        return replace(layer, attributes={**layer.attributes, key: sizes[layer.name]})

    return replace(design, layers=tuple(sized(layer) for layer in design.layers))


def _buffers(design: Dataflow, foldings: Mapping[str, Folding]) -> list[Buffer]:
    found = []
    for layer in design.layers:
        folding = foldings[layer.name]
        bits = folding.pe * layer.input.type.bits
        if layer.kind == "fifo":
            found.append(Buffer(layer.name, SHORTEST, layer.number("depth"), 1, bits))
        elif layer.kind == "sliding_window" and folding.simd == 1:
            words = layer.input.channels // folding.pe
            found.append(Buffer(layer.name, least_pixels(layer), buffer_pixels(layer), words, bits))
    return found


@dataclass
class _Search:
    tokens: Tokens
    interval: int
    work: int
    sizes: dict[str, int]
    buffers: Sequence[Buffer]
    always_lives: bool = False
    unproven: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._beats = {buffer.layer: buffer.beats for buffer in self.buffers}
        self._frames = FEWEST_FRAMES
        while not self._keeps_pace(self._run(self.sizes, None)):
            self._frames += 1
            assert self._frames < MOST_FRAMES, "the design with sufficient buffers does not run at its bound"
        ends = self._run(self.sizes, None).ends
        self._limits = [end + self.interval for end in ends]  # what is later than that is no matter of settling

    def shrink(self, group: Sequence[Buffer]) -> None:
        """Make each buffer of the group as small as it can be, the first of them first."""
        if self._suffices({buffer.layer: buffer.least for buffer in group}):
            return
        if len(group) > 1:
            half = len(group) // 2
            self.shrink(group[:half])
            self.shrink(group[half:])
        else:
            self._halve(group[0])

    def lives(self, sizes: Mapping[str, int]) -> bool:
        """Whether no stall can stop the design."""
        return len(self.tokens.run(self._capacities(sizes), self._frames, shortest=True).ends) == self._frames

    def latency(self) -> int:
        """Of the first frame, with the sizes found."""
        run = self.tokens.run(self._capacities(self.sizes), 1)
        return run.ends[0] - run.first_in

    def _halve(self, buffer: Buffer) -> None:
        too_few, enough = buffer.least, buffer.most
        while enough - too_few > 1:
            middle = (too_few + enough) // 2
            if self._suffices({buffer.layer: middle}):
                enough = middle
            else:
                too_few = middle

    def _suffices(self, change: Mapping[str, int]) -> bool:
        """Whether the design keeps its rate with this change; if so, it is made."""
        if all(self.sizes[layer] == size for layer, size in change.items()):
            return True
        sizes = {**self.sizes, **change}
        good = self.work > 0 and self._keeps_pace(self._run(sizes, self._limits))
        if good and self.always_lives:
            good = self.lives(sizes)
        if good:
            self.sizes = sizes
        elif self.work <= 0:
            self.unproven |= set(change)
        return good

    def _run(self, sizes, limits):
        run = self.tokens.run(self._capacities(sizes), self._frames, limits, max(self.work, 1) if limits else 1 << 60)
        self.work -= run.work
        return run

    def _keeps_pace(self, run) -> bool:
        """Whether no layer takes longer for a frame than the interval, once all of them have seen some."""
        if len(run.ends) < self._frames:
            return False
        paces = run.within[:, -1] - run.within[:, -2]
        return run.ends[-1] - run.ends[-2] <= self.interval and bool(np.all(paces <= self.interval))

    def _capacities(self, sizes: Mapping[str, int]) -> dict[str, int]:
        return {layer: size * self._beats[layer] for layer, size in sizes.items()}
