"""How a kernel moves, clock by clock, without its data: what the cycle model (plan/cycle_model.cpp) runs of it."""

from collections.abc import Iterator
from dataclasses import dataclass

Segment = tuple[int, int, int]  # input ports that a step takes a beat from (a mask), whether it puts one out, how often


@dataclass(frozen=True)
class Pipeline:
    """Rigid: a round of steps for every frame or pixel; while its output waits, nothing in it moves."""

    round: tuple[Segment, ...]


@dataclass(frozen=True)
class Queue:
    """A FIFO of `depth` beats."""

    depth: int


@dataclass(frozen=True)
class Ring:
    """A ring buffer of `beats` beats, read as the local parameters of sliding_window.sv say, in the order of Walk."""

    beats: int
    walk: tuple[int, ...]


@dataclass(frozen=True)
class Collector:
    """Puts out one wide beat for every `beats` that come in, and takes the next while that waits."""

    beats: int


Motion = Pipeline | Queue | Ring | Collector


@dataclass(frozen=True)
class Buffer:
    """What of `layer` may be `least` to `most` units deep; a unit is `beats` of `bits` bits."""

    layer: str
    least: int
    most: int
    beats: int
    bits: int

    @property
    def saving(self) -> int:
        """Bits that it could shrink by at most."""
        return (self.most - self.least) * self.beats * self.bits


def turns(ports: int, beats_in: int, beats_out: int) -> Iterator[Segment]:
    """A pixel in, a pixel out, from all of `ports` inputs at once: the side with more beats sets the pace."""
    takes = (1 << ports) - 1
    if beats_in > beats_out:
        yield from [(takes, 0, beats_in // beats_out - 1), (takes, 1, 1)]
    else:
        yield from [(takes, 1, 1), (0, 1, beats_out // beats_in - 1)]
