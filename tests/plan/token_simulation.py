"""A slow, independent simulation of planned designs: one cycle after the other, beats without data.

It follows the kernels' control (rigid pipelines, registered FIFOs, the window's ring buffer) and not the planner's
schedule, so that the planner's depths, rate and latency can be tested against it. Every kernel but two is a fixed
sequence of steps per frame: a step takes a beat from some inputs, and puts a beat into the pipeline or a bubble.
"""

import random
from collections import deque
from collections.abc import Callable, Iterator

from hwcodesign.dataflow import Dataflow, Layer
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.plan import Plan

Step = tuple[tuple[int, ...], bool]  # input ports that a step takes a beat from, and whether it puts one out


class Wire:
    """A stream between two layers: `valid` is the source's register, `taken` the target's answer in this cycle."""

    def __init__(self) -> None:
        self.valid = self.taken = False


class Pipeline:
    """A rigid pipeline: while its output waits, nothing moves and nothing is taken."""

    def __init__(self, layer: Layer, folding: Folding, inputs: list[Wire], outputs: list[Wire]) -> None:
        self.inputs, self.outputs = inputs, outputs
        self.steps = list(steps(layer, folding))
        self.position = 0
        self.stages = deque([False] * (kind_of(layer.kind).latency(layer, folding) - 1))

    def cycle(self) -> None:
        for wire in self.outputs:
            wire.valid = wire.valid and not wire.taken
        if any(wire.valid for wire in self.outputs):
            return
        ports, puts = self.steps[self.position]
        step = all(self.inputs[port].valid for port in ports)
        if step:
            for port in ports:
                self.inputs[port].taken = True
            self.position = (self.position + 1) % len(self.steps)
        self.stages.append(step and puts)
        leaves = self.stages.popleft()
        for wire in self.outputs:
            wire.valid = leaves


class Fifo:
    """As `fifo.sv`: room is seen from registers only. `waiting`: beats besides the one in the output register."""

    def __init__(self, layer: Layer, folding: Folding, inputs: list[Wire], outputs: list[Wire]) -> None:
        (self.input,), (self.output,) = inputs, outputs
        self.depth = layer.attributes["depth"]
        self.waiting = 0

    def cycle(self) -> None:
        self.output.valid = self.output.valid and not self.output.taken
        enters = self.input.valid and self.waiting < self.depth - 1
        leaves = not self.output.valid and (self.waiting > 0 or (self.depth == 2 and enters))
        self.input.taken = enters
        self.waiting += enters - leaves
        self.output.valid = self.output.valid or leaves


class Widening:
    """As `width_converter.sv`: parts of the next beat are taken while the last one waits."""

    def __init__(self, layer: Layer, folding: Folding, inputs: list[Wire], outputs: list[Wire]) -> None:
        (self.input,), (self.output,) = inputs, outputs
        self.parts = layer.attributes["out_lanes"] // layer.attributes["in_lanes"]
        self.held = 0

    def cycle(self) -> None:
        self.output.valid = self.output.valid and not self.output.taken
        completes = self.held == self.parts - 1
        if self.input.valid and not (completes and self.output.valid):
            self.input.taken = True
            self.held = 0 if completes else self.held + 1
            self.output.valid = self.output.valid or completes


class Window:
    """As `sliding_window.sv`: one word in and one out a cycle, words kept until the next window starts after them."""

    def __init__(self, layer: Layer, folding: Folding, inputs: list[Wire], outputs: list[Wire]) -> None:
        (self.input,), (self.output,) = inputs, outputs
        height, width, channels = layer.input.shape
        words = channels // folding.pe
        self.buffer = kind_of("sliding_window").memories(layer, folding)[0].words
        self.frame_words = height * width * words
        self.reads = list(window_reads(layer, words))
        self.written = self.freed = self.position = self.frame = 0

    def cycle(self) -> None:
        self.output.valid = self.output.valid and not self.output.taken
        room = self.written - self.freed < self.buffer
        if not self.output.valid:
            word, _ = self.reads[self.position]
            if self.frame * self.frame_words + word < self.written:
                self.output.valid = True
                self._advance()
                self.freed = self.frame * self.frame_words + self.reads[self.position][1]
        if self.input.valid and room:
            self.input.taken = True
            self.written += 1

    def _advance(self) -> None:
        self.position += 1
        if self.position == len(self.reads):
            self.position, self.frame = 0, self.frame + 1


def window_reads(layer: Layer, words: int) -> Iterator[tuple[int, int]]:
    """(word read, first word of its window) in the order of the stream, within one frame."""
    (_, width, _), (kernel_h, kernel_w) = layer.input.shape, layer.attributes["kernel"]
    rows, columns, _ = layer.output.shape
    stride_h, stride_w = layer.attributes["stride"]
    taps = [(y, x, c) for y in range(kernel_h) for x in range(kernel_w) for c in range(words)]
    if layer.attributes["depthwise"]:
        taps.sort(key=lambda tap: tap[2])
    for row in range(rows):
        for column in range(columns):
            start = (row * stride_h * width + column * stride_w) * words
            for y, x, c in taps:
                yield start + (y * width + x) * words + c, start


def steps(layer: Layer, folding: Folding) -> Iterator[Step]:
    """The steps of one frame of a kernel that is one pipeline."""
    in_lanes, out_lanes = kind_of(layer.kind).lanes(layer, folding)
    beats_in, beats_out = layer.input.channels // in_lanes, layer.output.channels // out_lanes
    match layer.kind:
        case "mvau":
            for beat in range(layer.input.pixels * beats_in * beats_out):
                yield ((0,) if beat % (beats_in * beats_out) < beats_in else ()), beat % beats_in == beats_in - 1
        case "padding":
            top, left, _, _ = layer.attributes["pad"]
            height, width, _ = layer.input.shape
            for beat in range(layer.output.pixels * beats_out):
                y, x = divmod(beat // beats_out, layer.output.shape[1])
                yield ((0,) if 0 <= y - top < height and 0 <= x - left < width else ()), True
        case "concat":
            for _ in range(layer.output.pixels):
                for port, stream in enumerate(layer.inputs):
                    yield from [((port,), True)] * (stream.channels // in_lanes)
        case "global_acc_pool" | "sliding_window":  # the latter with a whole window a beat
            completing = set(kind_of(layer.kind).needs(layer, 0).tolist())
            for pixel in range(layer.input.pixels):
                yield from [((0,), pixel in completing)] * beats_in
        case "label_select":
            yield from [((0,), True)] * beats_in
            yield from [((), True)] * (beats_out - beats_in)
        case _:  # pixel by pixel, the slower side sets the pace
            ratio_in, ratio_out = max(1, beats_out // beats_in), max(1, beats_in // beats_out)
            for beat in range(layer.input.pixels * max(beats_in, beats_out)):
                ports = tuple(range(len(layer.inputs))) if beat % ratio_in == 0 else ()
                yield ports, beat % ratio_out == ratio_out - 1


def never(_: random.Random) -> bool:
    """No stall."""
    return False


def simulate(
    plan: Plan, frames: int, stall: Callable[[random.Random], bool] = never, seed: int = 0, limit: int = 10**6
) -> tuple[int, list[int]]:
    """(cycle of the first beat in, cycle of every frame's last beat out). AssertionError if nothing moves any more."""
    design, chance = plan.design, random.Random(seed)
    wires = {edge: Wire() for edge in design.edges}
    source, sink = Wire(), Wire()
    nodes = [_node(design, plan, layer, wires, source, sink) for layer in design.layers]
    last = design.layers[-1]
    _, lanes = kind_of(last.kind).lanes(last, plan.foldings[last.name])
    frame_beats = last.output.elements // lanes
    first_in, ends, beats = -1, [], 0
    for now in range(limit):
        source.valid = not stall(chance)
        sink.taken = sink.valid and not stall(chance)
        beats += sink.taken
        if sink.taken and beats % frame_beats == 0:
            ends.append(now)
            if len(ends) == frames:
                return first_in, ends
        for node in reversed(nodes):
            node.cycle()
        if source.taken and first_in < 0:
            first_in = now
        for wire in (*wires.values(), source):
            wire.taken = False
    raise AssertionError(f"only {len(ends)} of {frames} frames after {limit} cycles: {beats} beats")


def _node(
    design: Dataflow, plan: Plan, layer: Layer, wires: dict, source: Wire, sink: Wire
) -> Pipeline | Fifo | Widening | Window:
    inputs = [wires[edge] for edge in design.edges_into(layer.name)] or [source]
    outputs = [wires[edge] for edge in design.edges_from(layer.name)] or [sink]
    folding = plan.foldings[layer.name]
    if layer.kind == "sliding_window" and folding.simd == 1:
        return Window(layer, folding, inputs, outputs)
    if layer.kind == "width_converter" and layer.number("out_lanes") > layer.number("in_lanes"):
        return Widening(layer, folding, inputs, outputs)
    return (Fifo if layer.kind == "fifo" else Pipeline)(layer, folding, inputs, outputs)
