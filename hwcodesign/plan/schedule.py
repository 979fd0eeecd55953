"""When every pixel travels: one admissible schedule of the whole design, at the granularity of pixels.

A kernel gives every output pixel a turn of `pixel_cycles`; turns follow each other and wait for the inputs:

    turn[i] = max(ready[needs[i]], turn[i - 1] + pixel_cycles)

so turn[i] - i * pixel_cycles is a running maximum, which numpy computes for a whole frame at once. Within a pixel,
beats are evenly spaced. Where a kernel may work on a beat earlier than this model lets it (an MVAU whose pixel
trickles in, for one), the model is late and never early: the schedule can be carried out by the real design.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hwcodesign.dataflow import Dataflow, Edge, Layer
from hwcodesign.kinds import Folding, Kind, kind_of
from hwcodesign.plan.insert_streams import is_converter, is_fifo


@dataclass(frozen=True)
class Times:
    """Cycle of the first and of the last beat of every pixel, frame after frame; int64 arrays (frames * pixels,)."""

    first: np.ndarray
    last: np.ndarray

    def repeats(self, frames: int, interval: int) -> bool:
        """Whether the last frame is the one before, `interval` cycles later."""
        pixels = len(self.first) // frames
        later = self.last[-pixels:] - self.last[-2 * pixels : -pixels]
        return bool(np.all(later == interval))


@dataclass(frozen=True)
class Schedule:
    """By edge: when its source offers each pixel, when its target takes it; and the design's own input and output."""

    offered: Mapping[Edge, Times]
    taken: Mapping[Edge, Times]
    input: Times
    output: Times

    def repeats(self, frames: int, interval: int) -> bool:
        """Whether the last of the frames does exactly what the one before did, `interval` cycles later."""
        return all(times.repeats(frames, interval) for times in (*self.offered.values(), *self.taken.values()))

    def pace(self, frames: int) -> int:
        """Cycles from one frame's end to the next's, rounded up, over the second half of the frames."""
        ends = self.output.last[len(self.output.last) // frames - 1 :: len(self.output.last) // frames]
        half = frames // 2
        return -(-int(ends[-1] - ends[-1 - half]) // half)


def schedule(design: Dataflow, foldings: Mapping[str, Folding], frames: int, interval: int) -> Schedule:
    """Run `frames` frames through the design with FIFOs that never fill; pixels enter evenly, a frame per `interval`.

    With interval 0 all pixels are there at the start, and the design takes them as fast as it can.
    """
    pixels = design.input.pixels
    arrival = np.arange(frames * pixels, dtype=np.int64) * interval // pixels
    offered: dict[Edge, Times] = {}
    taken: dict[Edge, Times] = {}
    for layer in design.layers:
        edges = design.edges_into(layer.name)
        feeds = [offered[edge] for edge in edges] or [Times(arrival, arrival)]
        takes, output = _run(layer, foldings[layer.name], feeds, frames, _pace(design, foldings, layer))
        for edge, take in zip(edges, takes, strict=False):
            taken |= dict.fromkeys(_back_to_fifo(design, edge), take)
        offered |= dict.fromkeys(design.edges_from(layer.name), output)
        if layer is design.layers[0]:
            entered = takes[0]
    return Schedule(offered, taken, entered, output)


def _back_to_fifo(design: Dataflow, edge: Edge) -> list[Edge]:
    """`edge` and those before it from its FIFO on: a narrowing converter stores nothing, its reader's pace rules."""
    chain = [edge]
    while is_converter(design.by_name[chain[-1].source]):
        chain += design.edges_into(chain[-1].source)
    return chain


def _pace(design: Dataflow, foldings: Mapping[str, Folding], layer: Layer) -> int:
    """Cycles from one output pixel of `layer` to the next, at least.

    An elastic kernel need not send pixels faster than those after it work, up to the next that has another number of
    pixels or readers: what waits in its buffer needs no FIFO.
    """
    kind = kind_of(layer.kind)
    pace = kind.pixel_cycles(layer, foldings[layer.name])
    if not kind.elastic(layer, foldings[layer.name]):
        return pace
    readers = design.edges_from(layer.name)
    while len(readers) == 1:
        reader = design.by_name[readers[0].target]
        if reader.output.pixels != layer.output.pixels:
            break
        pace = max(pace, kind_of(reader.kind).pixel_cycles(reader, foldings[reader.name]))
        readers = design.edges_from(reader.name)
    return pace


def _run(layer: Layer, folding: Folding, feeds: list[Times], frames: int, pace: int) -> tuple[list[Times], Times]:
    """When `layer` takes the pixels of each input, and when it offers its output pixels."""
    kind = kind_of(layer.kind)
    latency = kind.latency(layer, folding)
    if is_fifo(layer):
        (feed,) = feeds
        return [feed], Times(feed.first + latency, feed.last + latency)
    room = kind.room(layer, folding)
    if room is None:
        takes, turns = _without_room(kind, layer, folding, feeds, frames)
    else:
        takes, turns = _with_room(kind, layer, folding, feeds[0], frames, room, pace)
    _, out_lanes = kind.lanes(layer, folding)
    beats = layer.output.channels // out_lanes
    cycles = kind.pixel_cycles(layer, folding)
    return takes, Times(turns + -(-cycles // beats) - 1 + latency, turns + cycles - 1 + latency)


def _without_room(
    kind: Kind, layer: Layer, folding: Folding, feeds: list[Times], frames: int
) -> tuple[list[Times], np.ndarray]:
    """A kernel that takes an input pixel in the turn of the first output pixel that needs it."""
    slots = [_slot(kind, layer, folding, port) for port in range(len(feeds))]
    needs = [over_frames(kind.needs(layer, port), layer.inputs[port].pixels, frames) for port in range(len(feeds))]
    ready = np.zeros(len(needs[0]), dtype=np.int64)
    for feed, (start, spread), needed in zip(feeds, slots, needs, strict=True):
        there = np.maximum(feed.first, feed.last - spread) - start
        ready = np.maximum(ready, there if len(there) == len(needed) else np.where(needed < 0, 0, there[needed]))
    turns = _in_turn(ready, kind.pixel_cycles(layer, folding))
    takes = []
    for feed, (start, spread), needed in zip(feeds, slots, needs, strict=True):
        begin = start + (turns if len(turns) == len(feed.first) else turns[first_needing(needed, len(feed.first))])
        takes.append(Times(begin, begin + spread))
    return takes, turns


def first_needing(needed: np.ndarray, pixels: int) -> np.ndarray:
    """For each input pixel, the first output pixel that needs it."""
    first: np.ndarray = needed.searchsorted(np.arange(pixels, dtype=np.int64))
    return first


def _with_room(
    kind: Kind, layer: Layer, folding: Folding, feed: Times, frames: int, room: np.ndarray, pace: int
) -> tuple[list[Times], np.ndarray]:
    """A kernel that takes inputs ahead, a beat a cycle, while it has room.

    Turns free room, room admits pixels, pixels allow turns; a turn may begin before the pixel that it needs at its end.
    """
    start, _ = _slot(kind, layer, folding, 0)
    in_lanes, _ = kind.lanes(layer, folding)
    spread = layer.input.channels // in_lanes - 1
    cycles = kind.pixel_cycles(layer, folding)
    latency = kind.latency(layer, folding)
    needed = over_frames(kind.needs(layer, 0), layer.input.pixels, frames)
    blocker = over_frames(room, layer.output.pixels, frames)
    there = np.maximum(feed.first, feed.last - spread)
    free = np.zeros(1, dtype=np.int64)
    while True:
        begin = _in_turn(np.maximum(there, free), spread + 1)
        turns = _in_turn(begin[needed] - start, pace)
        now_free = np.where(blocker < 0, 0, turns[np.maximum(blocker, 0)] + cycles + latency - 1)
        if np.all(now_free <= begin):
            return [Times(begin, begin + spread)], turns
        free = now_free


def _slot(kind: Kind, layer: Layer, folding: Folding, port: int) -> tuple[int, int]:
    """(cycles from a turn's start to the pixel's first beat, and from there to its last) on input `port`."""
    in_lanes, _ = kind.lanes(layer, folding)
    beats = layer.inputs[port].channels // in_lanes
    start, cycles = kind.input_slot(layer, folding, port)
    return start, (beats - 1) * cycles // beats


def _in_turn(ready: np.ndarray, cycles: int) -> np.ndarray:
    """turn[i] = max(ready[i], turn[i - 1] + cycles)."""
    steps = np.arange(len(ready), dtype=np.int64) * cycles
    turns: np.ndarray = np.maximum.accumulate(ready - steps) + steps
    return turns


def over_frames(indices: np.ndarray, pixels: int, frames: int) -> np.ndarray:
    """Indices within one frame of `pixels` pixels, for all frames; negative ones reach into the frame before."""
    all_frames: np.ndarray = np.arange(frames, dtype=np.int64)[:, None] * pixels + indices
    return all_frames.ravel()
