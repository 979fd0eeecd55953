"""The bench of every kernel: many random cases in one simulation, held against the integer reference.

A kind's own file `sim/<kind>.py` provides

    cases(rng) -> list[tuple[Layer, Folding]]     random legal layers; layer names do not matter

Everything else is the same for all: sim/build.py puts all cases side by side into one top level, and the cocotb test
below feeds each case its own frames, in each of the PATTERNS of idle and backpressure, and asserts
 - every output element equals `Kind.run`, for back-to-back frames and after a reset in the midst of a frame;
 - AXI4-Stream rules: valid stays and data hold until ready; valid comes without waiting for ready;
 - with no stall at either end, frames follow one another in exactly `Kind.cycles` cycles (or, with a line buffer that
   is smaller than that takes, in those of the planner's run), and the first pixel comes `Kind.latency` cycles after
   what it needs.
Memories that are loaded get their words after every reset, while the streams already offer their frames.
"""

import importlib
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, Timer

from hwcodesign.core.bit_packing import pack, unpack
from hwcodesign.dataflow import Dataflow, IntType, Layer, Stream
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.plan.cycle_model import Tokens
from sim.streams import Sink, Source, gaps

FRAMES = 5
QUIET_CYCLES = 40
LOADED = "loaded.json"  # beside the simulation: the beats of the words of all loaded memories
LOADING_CYCLES = 12  # a beat of them takes at most, on the average, under any pattern
GARBAGE_CYCLES = 37  # traffic before the reset that the kernel must forget
# How the source and the sink of every stream idle: (source, sink), each a name that `gaps` knows.
PATTERNS = (("never", "never"), ("random", "random"), ("bursts", "bursts"), ("never", "patient"), ("often", "never"))


@dataclass(frozen=True)
class Case:
    """One instance: its layer and folding, and the first index of its ports among all inputs and all outputs."""

    layer: Layer
    folding: Folding
    first_input: int
    first_output: int

    def beats(self, arrays: list[np.ndarray], direction: Literal["in", "out"]) -> list[list[int]]:
        """The beats of each port for arrays (frames, H, W, C)."""
        streams, lanes = self._side(direction)
        kind = kind_of(self.layer.kind)
        wired = [kind.to_wire(self.layer, self.folding, array, direction) for array in arrays]
        return [pack(s.type.encode(a).reshape(-1, lanes), s.type.bits) for s, a in zip(streams, wired, strict=True)]

    def elements(self, port: int, beat: int) -> np.ndarray:
        """The values that an output beat of `port` carries."""
        streams, lanes = self._side("out")
        element = streams[port].type
        return element.decode(unpack([beat], lanes, element.bits))[0]

    def _side(self, direction: Literal["in", "out"]) -> tuple[tuple[Stream, ...], int]:
        lanes = kind_of(self.layer.kind).lanes(self.layer, self.folding)
        return (self.layer.inputs, lanes[0]) if direction == "in" else (self.layer.outputs, lanes[1])

    def __str__(self) -> str:
        inputs = ", ".join(f"{s.shape} {s.type}" for s in self.layer.inputs)
        outputs = ", ".join(f"{s.shape} {s.type}" for s in self.layer.outputs)
        return f"{self.layer.name}: {inputs} -> {outputs}, {dict(self.layer.attributes)}, {self.folding}"


def load_cases(kind: str, seed: int) -> list[Case]:
    """The cases of `kind`, the same for the same seed, named case0, case1, ..."""
    bench = importlib.import_module(f"sim.{kind}")
    found, inputs, outputs = [], 0, 0
    for number, (layer, folding) in enumerate(bench.cases(np.random.default_rng(seed))):
        named = replace(layer, name=f"case{number}")
        kind_of(kind).check(named)
        assert folding in kind_of(kind).foldings(named), f"{named} cannot be folded as {folding}"
        found.append(Case(named, folding, inputs, outputs))
        inputs, outputs = inputs + len(layer.inputs), outputs + len(layer.outputs)
    return found


def random_values(rng: np.random.Generator, int_type: IntType, shape: tuple[int, ...]) -> np.ndarray:
    """Values of `int_type`, its extremes more often than chance would have it; int64."""
    values = rng.choice([-1, 1], shape) if int_type.bipolar else rng.integers(int_type.min, int_type.max + 1, shape)
    extreme = rng.random(shape) < 0.1
    return np.where(extreme, rng.choice([int_type.min, int_type.max], shape), values).astype(np.int64)


def random_type(rng: np.random.Generator, bipolar: bool = True) -> IntType:
    """Bipolar (where allowed), or 2 to 8 bits, signed or not."""
    bits = int(rng.integers(1 if bipolar else 2, 9))
    return IntType(bits, signed=bits == 1 or bool(rng.integers(2)))


class TB:
    """All cases of one kind: sources and sinks of every stream, driven together, one step a clock cycle."""

    def __init__(self, dut: Any, cases: list[Case], pattern: tuple[str, str], rng: np.random.Generator) -> None:
        self.dut, self.cases = dut, cases
        self.sources: list[Source] = []
        self.sinks: list[tuple[Case, int, Sink]] = []
        self.cycle = 0
        for case in cases:
            arrays = [random_values(rng, s.type, (FRAMES, *s.shape)) for s in case.layer.inputs]
            outputs = kind_of(case.layer.kind).run(case.layer, arrays)
            for beats in case.beats(arrays, "in"):
                self.sources.append(Source(beats, gaps(pattern[0], rng)))
            for port, beats in enumerate(case.beats(outputs, "out")):
                early = kind_of(case.layer.kind).needs(case.layer, 0)[0] < 0
                sink = Sink(beats, gaps(pattern[1], rng), pattern[1] == "patient", early)
                self.sinks.append((case, port, sink))
        self.words = Source(json.loads(Path(LOADED).read_text()), gaps(pattern[0], rng))
        self.in_data = [getattr(dut, f"in{i}_data_i") for i in range(len(self.sources))]
        self.out_data = [getattr(dut, f"out{i}_data_o") for i in range(len(self.sinks))]

    async def reset(self, rng: np.random.Generator) -> None:
        """Garbage first, then reset: nothing of before may be left."""
        self.dut.aresetn.value = 0
        for cycle in range(GARBAGE_CYCLES + 4):
            self.dut.aresetn.value = int(3 <= cycle < GARBAGE_CYCLES)
            self.dut.in_valid_i.value = _bits(rng.random(len(self.sources)) < 0.7)
            self.dut.out_ready_i.value = _bits(rng.random(len(self.sinks)) < 0.7)
            if self.words.beats:
                self.dut.words_valid_i.value = int(rng.random() < 0.7)
                self.dut.words_data_i.value = cycle
                self.dut.words_last_i.value = cycle % 2
            await FallingEdge(self.dut.aclk)
        self.dut.in_valid_i.value = 0
        self.dut.out_ready_i.value = 0
        if self.words.beats:
            self.dut.words_valid_i.value = 0
        self.dut.aresetn.value = 1

    async def run(self, limit: int) -> None:
        """Until every sink has its frames, and a little longer to see that nothing more comes.

        Fails after `limit` cycles.
        """
        while not all(sink.done for _, _, sink in self.sinks):
            assert self.cycle < limit, f"standing still or too slow after {limit} cycles: {self._unfinished()}"
            await self._step()
        for _ in range(QUIET_CYCLES):
            await self._step()

    async def _step(self) -> None:
        # Away from the rising edge on both sides, so that no simulator's order of events matters.
        await FallingEdge(self.dut.aclk)
        self._drive()
        await Timer(1, "step")
        self._sample()
        self.cycle += 1

    def _drive(self) -> None:
        valids = []
        for source, data in zip(self.sources, self.in_data, strict=True):
            fresh = not source.valid
            valid, beat = source.drive()
            valids.append(valid)
            if fresh and valid:
                data.value = beat
        self.dut.in_valid_i.value = _bits(np.array(valids))
        self.dut.out_ready_i.value = _bits(np.array([sink.drive() for _, _, sink in self.sinks]))
        if self.words.beats:
            self.dut.words_valid_i.value, self.dut.words_data_i.value = self.words.drive()
            self.dut.words_last_i.value = int(self.words.sent == len(self.words.beats) - 1)

    def _sample(self) -> None:
        ready = _integer(self.dut.in_ready_o)
        valid = _integer(self.dut.out_valid_o)
        for i, source in enumerate(self.sources):
            source.sample(self.cycle, bool(ready >> i & 1))
        if self.words.beats:
            self.words.sample(self.cycle, bool(_integer(self.dut.words_ready_o)))
        for i, (case, port, sink) in enumerate(self.sinks):
            beat = _integer(self.out_data[i]) if valid >> i & 1 else None
            try:
                wrong = sink.sample(self.cycle, beat)
            except AssertionError as broken:
                raise AssertionError(f"{case}, output {port}, beat {len(sink.cycles)}: {broken}") from None
            if wrong:
                _report_wrong(case, port, len(sink.cycles) - 1, *wrong)

    def _unfinished(self) -> str:
        return "; ".join(
            f"{case} output {port}: {len(sink.cycles)} of {len(sink.expected)} beats"
            for case, port, sink in self.sinks
            if not sink.done
        )

    def check_rate(self) -> None:
        """From the end of the second frame on, every frame ends `Kind.cycles` after the one before.

        With a smaller line buffer than the kernel needs for that, when the planner's own run of the kernel says.
        """
        for case, port, sink in self.sinks:
            beats = len(sink.expected) // FRAMES
            ends = np.array(sink.cycles[beats - 1 :: beats])
            bound: Any = kind_of(case.layer.kind).cycles(case.layer, case.folding)
            if "buffer" in case.layer.attributes:
                alone = Dataflow((case.layer,), ())
                bound = np.diff(Tokens(alone, {case.layer.name: case.folding}).run({}, FRAMES).ends)[1:]
            measured = np.diff(ends)[1:]
            assert (measured == bound).all(), f"{case} output {port}: frames take {measured} cycles, not {bound}"

    def check_latency(self) -> None:
        """Once the inputs of the first output pixel are complete, `Kind.latency` cycles pass.

        Its first beat comes no later and its last no earlier: a kind may pass on part of a pixel before the rest is in.
        """
        for case, port, sink in self.sinks:
            complete = self._first_pixel_complete(case)
            if complete is None:
                continue
            latency = kind_of(case.layer.kind).latency(case.layer, case.folding)
            beats = len(sink.expected) // FRAMES // case.layer.outputs[port].pixels
            first, last = sink.cycles[0] - complete, sink.cycles[beats - 1] - complete
            early = kind_of(case.layer.kind).leaves_early
            assert first <= latency and (early or latency <= last), (
                f"{case} output {port}: latency {first} to {last}, not {latency}"
            )

    def _first_pixel_complete(self, case: Case) -> int | None:
        """The cycle that takes the last input beat that the first output pixel needs; None if it needs none."""
        taken = []
        for port, stream in enumerate(case.layer.inputs):
            source = self.sources[case.first_input + port]
            beats = len(source.beats) // FRAMES // stream.pixels
            needed = int(kind_of(case.layer.kind).needs(case.layer, port)[0])
            if needed >= 0:
                taken.append(source.cycles[(needed + 1) * beats - 1])
        return max(taken, default=None)


@cocotb.test()
@cocotb.parametrize(pattern=PATTERNS)
async def kernel_equals_reference(dut: Any, pattern: tuple[str, str]) -> None:
    """Every case, exact, under one pattern of idle and backpressure; exact rate where nothing stalls."""
    seed = int(os.environ["BENCH_SEED"])
    cases = load_cases(os.environ["BENCH_KIND"], seed)
    rng = np.random.default_rng([seed, PATTERNS.index(pattern)])
    bench = TB(dut, cases, pattern, rng)
    Clock(dut.aclk, 4, "step").start()
    await bench.reset(rng)
    loading = LOADING_CYCLES * len(bench.words.beats)
    await bench.run(limit=200 + 40 * FRAMES * max(_slowest(case) for case in cases) + loading)
    if pattern == ("never", "never"):
        bench.check_rate()
        bench.check_latency()


def _slowest(case: Case) -> int:
    return kind_of(case.layer.kind).cycles(case.layer, case.folding)


def _integer(handle: Any) -> int:
    """A signal's bits as an integer, whether the simulator calls it a vector or, being one bit wide, a scalar."""
    return int(str(handle.value), 2)


def _bits(flags: np.ndarray) -> int:
    return sum(1 << i for i, flag in enumerate(flags) if flag)


def _report_wrong(case: Case, port: int, index: int, got: int, wanted: int) -> None:
    _, lanes = kind_of(case.layer.kind).lanes(case.layer, case.folding)
    beats = case.layer.outputs[port].elements // lanes
    where = f"output {port}, frame {index // beats}, beat {index % beats} of {beats}"
    raise AssertionError(f"{case}, {where}: got {case.elements(port, got)}, expected {case.elements(port, wanted)}")
