"""The same schedule with layers as late as they can be without delaying the design's output, where that saves bits.

A schedule in which all work as soon as they can makes the quick branch of a fork wait at its end, in front of the join.
Delayed, the same pixels wait where the branch begins, if there are fewer bits of them there. Delays keep the order of a
kernel's turns and the cycles between them, and let no pixel be taken before it is offered; so what was a schedule of
the design still is one.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from hwcodesign.dataflow import Dataflow, Edge, Layer, Stream
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.plan.insert_streams import is_converter, is_fifo
from hwcodesign.plan.schedule import Schedule, Times, first_needing, over_frames


def as_late_as_possible(design: Dataflow, foldings: Mapping[str, Folding], times: Schedule, frames: int) -> Schedule:
    """The schedule `times` of `frames` frames, delayed."""
    offered: dict[Edge, Times] = {}
    taken: dict[Edge, Times] = {}
    at_once: set[Edge] = set()  # whose reader takes what comes
    for layer in reversed(design.layers):
        edges, folding = design.edges_from(layer.name), foldings[layer.name]
        now = times.offered[edges[0]] if edges else times.output
        if edges and not at_once.intersection(edges):
            slack = np.min([_slack(now, taken[edge]) for edge in edges], axis=0)
        else:
            slack = np.zeros_like(now.first)
        delay = _delay(layer, folding, now, slack)
        offered |= dict.fromkeys(edges, _later(now, delay))
        for port, edge in enumerate(design.edges_into(layer.name)):
            if is_converter(layer) and not is_fifo(design.by_name[edges[0].target]):
                taken[edge] = taken[edges[0]]  # it stores nothing, and keeps its reader's times
                at_once |= {edge} if edges[0] in at_once else set()
            else:
                taken[edge] = _taken(layer, folding, times.taken[edge], delay, port, frames)
                at_once |= {edge} if _takes_what_comes(layer, folding) else set()
    for layer in design.layers:
        if is_converter(layer) and is_fifo(design.by_name[design.edges_from(layer.name)[0].target]):
            _follow(design, times, offered, layer.name)
    return Schedule(offered, taken, times.input, times.output)


def _follow(design: Dataflow, times: Schedule, offered: dict[Edge, Times], widening: str) -> None:
    """Nothing waits in front of a converter but behind it, in the FIFO: it is as late as what it reads, no later."""
    (into,), (out,) = design.edges_into(widening), design.edges_from(widening)
    offered[out] = _later(times.offered[out], offered[into].last - times.offered[into].last)


def _slack(offered: Times, taken: Times) -> np.ndarray:
    """How much later each pixel could be offered."""
    slack: np.ndarray = np.maximum(np.minimum(taken.first - offered.first, taken.last - offered.last), 0)
    return slack


def _delay(layer: Layer, folding: Folding, offered: Times, slack: np.ndarray) -> np.ndarray:
    """By how much every output pixel of the layer is delayed: at most its slack, turns in order."""
    if is_fifo(layer):
        return slack
    if _bits(layer.inputs) > _bits(layer.outputs):
        return np.zeros_like(slack)
    kind = kind_of(layer.kind)
    if kind.room(layer, folding) is not None:  # takes depend on turns and turns on takes: all move together
        return np.full_like(slack, slack.min())
    delay: np.ndarray = _in_order(offered.first + slack, kind.pixel_cycles(layer, folding)) - offered.first
    return delay


def _in_order(latest: np.ndarray, cycles: int) -> np.ndarray:
    """time[i] = min(latest[i], time[i + 1] - cycles)."""
    steps = np.arange(len(latest), dtype=np.int64) * cycles
    times: np.ndarray = np.minimum.accumulate((latest - steps)[::-1])[::-1] + steps
    return times


def _bits(streams: Sequence[Stream]) -> int:
    """Of a frame on all of these streams."""
    return sum(stream.elements * stream.type.bits for stream in streams)


def _taken(layer: Layer, folding: Folding, now: Times, delay: np.ndarray, port: int, frames: int) -> Times:
    """When the layer takes every pixel of an input, if its outputs have this `delay`."""
    kind, pixels = kind_of(layer.kind), layer.inputs[port].pixels
    if kind.room(layer, folding) is not None:
        return _later(now, delay[0])
    if pixels == layer.output.pixels:
        return _later(now, delay)
    return _later(now, delay[first_needing(over_frames(kind.needs(layer, port), pixels, frames), frames * pixels)])


def _takes_what_comes(layer: Layer, folding: Folding) -> bool:
    """Whether the layer takes pixels that no output waits for yet: the schedule has them only taken with one that does.

    A pool over the whole feature map does, and whole windows do.
    """
    return kind_of(layer.kind).room(layer, folding) is None and layer.input.pixels > layer.output.pixels


def _later(times: Times, by: np.ndarray | np.int64) -> Times:
    return Times(times.first + by, times.last + by)
