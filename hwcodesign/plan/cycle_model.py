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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

import numpy as np

from hwcodesign.core.tools import GXX, require, run, version_of
from hwcodesign.dataflow import Dataflow
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.kinds.motion import Collector, Pipeline, Queue, Ring, Segment

_NODE = np.dtype([(name, np.int32) for name in (
    "kind", "capacity", "latency", "first_segment", "segments", "first_in", "ins", "first_out", "outs", "walk",
    "frame_beats",
)])  # fmt: skip
_PIPELINE, _FIFO, _WINDOW, _WIDEN = range(4)
_SOURCE = Path(__file__).with_name("cycle_model.cpp")
ANY_LAG = _FOREVER = np.iinfo(np.int64).max - 1


@dataclass(frozen=True)
class TokenRun:
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
            own: list[Segment] = []
            first_walk = len(walks)
            match kind_of(layer.kind).motion(layer, folding):
                case Pipeline(steps):
                    form, capacity, own = _PIPELINE, 0, list(_merged(steps))
                case Queue(depth):
                    form, capacity = _FIFO, depth
                case Ring(beats, walk):
                    form, capacity, walks = _WINDOW, beats, [*walks, walk]
                case Collector(beats):
                    form, capacity = _WIDEN, beats
            latency = kind_of(layer.kind).latency(layer, folding)
            places = (len(segments), len(own), len(ports), len(into), len(ports) + len(into), len(out), first_walk)
            _, out_lanes = kind_of(layer.kind).lanes(layer, folding)
            self._nodes[i] = (form, capacity, latency, *places, layer.output.elements // out_lanes)
            ports += into + out
            segments += own
        self._ports, self._segments = np.array(ports, dtype=np.int32), np.array(segments, dtype=np.int32)
        self._walks = np.array(walks or [(0,) * 12], dtype=np.int32)

    def run(
        self,
        capacities: Mapping[str, int],
        frames: int,
        limits: Sequence[int] | None = None,
        lag: int = ANY_LAG,
        shortest: bool = False,
    ) -> TokenRun:
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
        return TokenRun(first_in.value, tuple(ends[-1, :done].tolist()), ends[:-1], lag_seen.value, work.value)


def _merged(segments: Iterable[Segment]) -> Iterator[Segment]:
    """The steps that a pipeline repeats, equal ones that follow each other as one segment."""
    for step, group in groupby(segments, key=lambda segment: segment[:2]):
        if repeat := sum(segment[2] for segment in group):
            yield *step, repeat


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
