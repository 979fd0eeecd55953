"""A planned design run without its data, clock by clock: in the same clocks as the RTL and a hundredth of the time.

The run itself is tokens.cpp, compiled once for this environment. Every kernel but two is a rigid pipeline: a fixed
round of steps, each of which takes a beat from some inputs and puts one out or not; while its output waits, nothing in
it moves. FIFOs, sliding windows (with a ring buffer) and widening converters are themselves.
"""

import ctypes
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

import numpy as np

from hwcodesign.core.tools import GXX, require, run, version_of
from hwcodesign.dataflow import Dataflow, Layer
from hwcodesign.kinds import Folding, kind_of

Segment = tuple[int, int, int]  # input ports that a step takes a beat from (a mask), whether it puts one out, how often

_NODE = np.dtype([(name, np.int32) for name in (
    "kind", "capacity", "latency", "first_segment", "segments", "first_in", "ins", "first_out", "outs", "walk",
    "frame_beats",
)])  # fmt: skip
_PIPELINE, _FIFO, _WINDOW, _WIDEN = range(4)
_SOURCE = Path(__file__).with_name("cycle_model.cpp")
ANY_LAG = _FOREVER = np.iinfo(np.int64).max - 1


@dataclass(frozen=True)
class Run:
    """What a run showed: the clock of the first beat in, and of every frame's last beat out that came in time.

    `within`: for every layer the clocks in which its frames' last beats left it, int64 (layers, frames). `lag`:
    how far the slowest layer fell behind its pace. `work` is how often the simulation looked at a layer: a measure of
    time that does not depend on the machine.
    """

    first_in: int
    ends: tuple[int, ...]
    within: np.ndarray
    lag: int
    work: int


class Tokens:
    """A design ready to be run with any depths of its FIFOs and ring buffers.

    Its pace is that of the slowest layer, or `interval` clocks a frame if that is longer.
    """

    def __init__(self, design: Dataflow, foldings: Mapping[str, Folding], interval: int = 0) -> None:
        cycles = [kind_of(layer.kind).cycles(layer, foldings[layer.name]) for layer in design.layers]
        self._pacer, self.interval = int(np.argmax(cycles)), max(interval, *cycles)
        self._library = _library()
        self._index = {layer.name: i for i, layer in enumerate(design.layers)}
        wires = {
            edge: i + 1 for i, edge in enumerate(design.edges)
        }  # wire 0 is the design's input, the last its output
        self._wires = len(wires) + 2
        ports: list[int] = []
        segments: list[Segment] = []
        walks: list[tuple[int, ...]] = []
        self._nodes = np.zeros(len(design.layers), dtype=_NODE)
        for i, layer in enumerate(design.layers):
            folding = foldings[layer.name]
            into = [wires[edge] for edge in design.edges_into(layer.name)] or [0]
            out = [wires[edge] for edge in design.edges_from(layer.name)] or [self._wires - 1]
            kind, capacity = _kind_and_capacity(layer, folding)
            own = list(_round(layer, folding)) if kind == _PIPELINE else []
            latency = kind_of(layer.kind).latency(layer, folding)
            places = (len(segments), len(own), len(ports), len(into), len(ports) + len(into), len(out), len(walks))
            _, out_lanes = kind_of(layer.kind).lanes(layer, folding)
            self._nodes[i] = (kind, capacity, latency, *places, layer.output.elements // out_lanes)
            ports += into + out
            segments += own
            walks += [walk(layer, folding)] if kind == _WINDOW else []
        self._ports, self._segments = np.array(ports, dtype=np.int32), np.array(segments, dtype=np.int32)
        self._walks = np.array(walks or [(0,) * 12], dtype=np.int32)

    def run(
        self,
        capacities: Mapping[str, int],
        frames: int,
        limits: Sequence[int] | None = None,
        lag: int = ANY_LAG,
        shortest: bool = False,
    ) -> Run:
        """Send frames back to back, both ends always ready, until all are out or nothing moves any more.

        `capacities`, in beats, of FIFOs and ring buffers by layer; the others are as planned. A frame that ends later
        than its clock in `limits` ends the run, and so does a slowest layer that falls behind its pace by more
        than `lag`. `shortest`: every pipeline has a single stage.
        """
        nodes = self._nodes.copy()
        for name, capacity in capacities.items():
            nodes["capacity"][self._index[name]] = capacity
        ends, latest = np.zeros((len(nodes) + 1, frames), dtype=np.int64), np.full(frames, _FOREVER, dtype=np.int64)
        latest[:] = _FOREVER if limits is None else limits
        first_in, lag_seen, work = ctypes.c_int64(), ctypes.c_int64(lag), ctypes.c_int64()
        done = self._library.run(
            nodes.ctypes, len(nodes), self._ports.ctypes, self._segments.ctypes, self._walks.ctypes, self._wires,
            int(shortest), 0, self._wires - 1, frames, latest.ctypes, self._pacer, ctypes.c_int64(self.interval),
            ends.ctypes, ctypes.byref(first_in), ctypes.byref(lag_seen), ctypes.byref(work),
        )  # fmt: skip
        return Run(first_in.value, tuple(ends[-1, :done].tolist()), ends[:-1], lag_seen.value, work.value)


def _kind_and_capacity(layer: Layer, folding: Folding) -> tuple[int, int]:
    in_lanes, out_lanes = kind_of(layer.kind).lanes(layer, folding)
    if layer.kind == "fifo":
        return _FIFO, layer.number("depth")
    if layer.kind == "sliding_window" and folding.simd == 1:
        return _WINDOW, kind_of(layer.kind).memories(layer, folding)[0].words
    if layer.kind == "width_converter" and out_lanes > in_lanes:
        return _WIDEN, out_lanes // in_lanes
    return _PIPELINE, 0


def _round(layer: Layer, folding: Folding) -> Iterator[Segment]:
    """The steps that a pipeline repeats, equal ones that follow each other as one segment."""
    for step, group in groupby(_steps(layer, folding), key=lambda segment: segment[:2]):
        if repeat := sum(segment[2] for segment in group):
            yield *step, repeat


def _steps(layer: Layer, folding: Folding) -> Iterator[Segment]:
    kind = kind_of(layer.kind)
    in_lanes, out_lanes = kind.lanes(layer, folding)
    beats_in, beats_out = layer.input.channels // in_lanes, layer.output.channels // out_lanes
    match layer.kind:
        case "mvau":
            for fold in range(beats_out):
                yield from [(int(fold == 0), 0, beats_in - 1), (int(fold == 0), 1, 1)]
        case "padding":
            inside = np.diff(kind.needs(layer, 0), prepend=-1) > 0
            yield from ((int(taken), 1, beats_out) for taken in inside)
        case "concat":
            yield from ((1 << port, 1, stream.channels // in_lanes) for port, stream in enumerate(layer.inputs))
        case "global_acc_pool" | "sliding_window":  # the latter with a whole window a beat
            completes = np.isin(np.arange(layer.input.pixels), kind.needs(layer, 0))
            yield from ((1, int(last), beats_in) for last in completes)
        case "label_select" | "affine_label_select":
            yield from [(1, 1, beats_in), (0, 1, beats_out - beats_in)]
        case _:  # pixel by pixel, the slower side sets the pace
            takes = (1 << len(layer.inputs)) - 1
            if beats_in > beats_out:
                yield from [(takes, 0, beats_in // beats_out - 1), (takes, 1, 1)]
            else:
                yield from [(takes, 1, 1), (0, 1, beats_out // beats_in - 1)]


def walk(layer: Layer, folding: Folding) -> tuple[int, ...]:
    """How a sliding window reads its ring buffer: the local parameters of sliding_window.sv, in the order of Walk."""
    words = layer.input.channels // folding.pe
    (kernel_h, kernel_w), (stride_h, stride_w) = layer.numbers("kernel"), layer.numbers("stride")
    (height, width, _), (rows, columns, _) = layer.input.shape, layer.output.shape
    row, back = width * words, (columns - 1) * stride_w * words
    free = (stride_w * words, stride_h * row - back, (height - (rows - 1) * stride_h) * row - back)
    last = (kernel_h - 1) * row + kernel_w * words - 1
    if layer.number("depthwise"):
        down = row - (kernel_w - 1) * words
        return kernel_w, kernel_h, words, columns, rows, words, down, words - last, last, *free
    return words, kernel_w, kernel_h, columns, rows, 1, 1, row - kernel_w * words + 1, last, *free


@cache
def _library() -> ctypes.CDLL:
    """tokens.cpp as a library, kept in the Python environment, or if that is not ours to write, compiled anew."""
    compiler = require(GXX)
    version = ".".join(map(str, version_of(GXX, compiler)))
    name = f"tokens-{version}-{hashlib.sha256(_SOURCE.read_bytes()).hexdigest()[:12]}.so"
    kept = Path(sys.prefix) / "share" / "hwcodesign" / name
    if not kept.exists():
        with tempfile.TemporaryDirectory() as scratch:
            built = Path(scratch) / name
            command: list[str | Path] = [compiler, "-std=c++17", "-O3", "-shared", "-fPIC", "-o", built, _SOURCE]
            run(command, Path(scratch), Path(scratch) / "g++.log")
            library = ctypes.CDLL(str(built))
            _keep(built, kept)
        return library
    return ctypes.CDLL(str(kept))


def _keep(built: Path, kept: Path) -> None:
    scratch = kept.with_name(f"{kept.name}.{os.getpid()}")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_bytes(built.read_bytes())
        scratch.rename(kept)
    except OSError:
        scratch.unlink(missing_ok=True)
