"""FIFO depths, from the schedule of the design.

Why these depths neither deadlock nor slow the design down, whatever stalls. Kernels joined by bounded FIFOs are a
marked graph: beat n + depth enters a FIFO after beat n has left it, every kernel works as soon as its inputs and the
room for its outputs are there, and every event's time is a maximum of earlier events' times plus constants, hence
monotone in them (Commoner, Holt, Even, Pnueli: Marked directed graphs, 1971; Baccelli et al.: Synchronization and
Linearity, 1992). The schedule meets all of these constraints with the depths below, and repeats with the period of
the slowest layer. The self-timed design carries out every event no later than any schedule that meets its
constraints, so it reaches that period. A stall at either end delays events and can do no more: a deadlock would need
a cycle of constraints without a token, and then there were no such schedule.

A kernel's pipeline is rigid: while its output waits, nothing behind it moves, so a beat may be late by the pipeline's
latency although there was room in front of it. Therefore the room for a beat must be there `latency` cycles early,
when the beat enters the pipeline: then no stall outlasts the entry of any beat in the schedule.

Of all schedules, one in which pixels wait where they are few bits makes for small FIFOs: see late.py.
"""

from bisect import bisect_left
from collections.abc import Mapping

import numpy as np

from hwcodesign.dataflow import Dataflow, Edge
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.kinds.fifo import SHORTEST
from hwcodesign.plan.alap_schedule import as_late_as_possible
from hwcodesign.plan.insert_streams import inserted, is_converter, is_fifo, with_depths
from hwcodesign.plan.schedule import Schedule, Times, schedule

FIRST_FRAMES = 3  # most designs repeat from the second frame on; every further fork and join may take one frame more
MOST_FRAMES = 400


def fifo_depths(design: Dataflow, foldings: Mapping[str, Folding], interval: int) -> tuple[dict[str, int], int]:
    """The depth, in beats, of every FIFO of the design when a frame enters every `interval` cycles; and that interval.

    It is longer than asked for where no depths keep the pace: pixels that a window skips come unevenly, and a reader
    with hardly any time to spare does not catch up within the frame.
    """
    names = [layer.name for layer in design.layers if is_fifo(layer)]
    deep = with_depths(design, dict.fromkeys(names, SHORTEST + 1))  # a memory's latency: the longest a FIFO can have
    frames = FIRST_FRAMES
    while not (times := schedule(deep, foldings, frames, interval)).repeats(frames, interval):
        if 2 * frames > MOST_FRAMES:
            interval, frames = max(interval + 1, times.pace(frames)), FIRST_FRAMES
        else:
            frames *= 2
    late = as_late_as_possible(deep, foldings, times, frames)
    return {name: _fifo_depth(design, foldings, late, name) for name in names}, interval


def _fifo_depth(design: Dataflow, foldings: Mapping[str, Folding], times: Schedule, name: str) -> int:
    (into,), (out,) = design.edges_into(name), design.edges_from(name)
    beats = design.by_name[name].input.channels // foldings[name].pe
    latency = _latency_before(design, foldings, into)
    offered = times.offered[into]
    depth = depth_between(Times(offered.first - latency, offered.last - latency), times.taken[out], beats)
    return max(depth, beats + SHORTEST) if _takes_bursts(design, foldings, out) else depth


def _takes_bursts(design: Dataflow, foldings: Mapping[str, Folding], out: Edge) -> bool:
    """Whether the reader takes a pixel in less than its turn.

    The schedule spaces a pixel's beats evenly, but behind a concat they come in two paces; so the whole next pixel of
    such a reader must be able to wait in front of it.
    """
    while inserted(design.by_name[out.target]):
        (out,) = design.edges_from(out.target)
    reader = design.by_name[out.target]
    return kind_of(reader.kind).takes_bursts(reader, foldings[reader.name])


def _latency_before(design: Dataflow, foldings: Mapping[str, Folding], into: Edge) -> int:
    """Cycles of the rigid pipelines that end at `into`: of a kernel, or of a converter and the kernel before it."""
    source = design.by_name[into.source]
    latency = kind_of(source.kind).latency(source, foldings[source.name])
    if is_converter(source):
        return latency + _latency_before(design, foldings, design.edges_into(source.name)[0])
    return latency


def depth_between(offered: Times, taken: Times, beats: int) -> int:
    """The least depth D >= 2 with which beat n always has left before beat n + D comes; `beats` make a pixel."""
    enough = SHORTEST
    while not _suffices(offered, taken, beats, enough):
        enough *= 2
    between = range(enough + 1)  # most depths are small: doubling finds a bound sooner than halving the whole frame
    return bisect_left(
        between, True, max(SHORTEST, enough // 2), enough, key=lambda d: _suffices(offered, taken, beats, d)
    )


def _suffices(offered: Times, taken: Times, beats: int, depth: int) -> bool:
    """Beats are evenly spaced in a pixel, so the first and last beats of each stretch without a pixel's end decide."""
    pixels, shift = divmod(depth, beats)
    ends = [(0, pixels, shift), (beats - 1 - shift, pixels, beats - 1)]
    if shift:
        ends += [(beats - shift, pixels + 1, 0), (beats - 1, pixels + 1, shift - 1)]
    return all(_before(_beat(taken, left, beats), _beat(offered, came, beats), later) for left, later, came in ends)


def _before(left: np.ndarray, came: np.ndarray, later: int) -> bool:
    return bool((left[: max(0, len(left) - later)] < came[later:]).all())


def _beat(times: Times, beat: int, beats: int) -> np.ndarray:
    """The cycle of beat number `beat` of every pixel."""
    if beat == 0:
        return times.first
    if beat == beats - 1:
        return times.last
    cycles: np.ndarray = times.first + (times.last - times.first) * beat // (beats - 1)
    return cycles
