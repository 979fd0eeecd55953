"""cocotb test of the accelerator as an AXI DMA sees it: `accelerator_dma` between two buses with tkeep and tlast.

Environment: CASE, a JSON file with `packets` (lists of bus words in), `expected` (lists of bus words out), and
`weights` (packets that come first after every reset and are answered by none), all without keep and last; IN_BUS_BYTES
and OUT_BUS_BYTES; LIMIT, the cycles a packet may take.
"""

import json
import os
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, Timer

from sim.streams import Sink, Source, gaps

IN_BYTES, OUT_BYTES = (int(os.environ[name]) for name in ("IN_BUS_BYTES", "OUT_BUS_BYTES"))
CASE = json.loads(Path(os.environ["CASE"]).read_text())


def beats(packets: list[list[int]], size: int) -> list[int]:
    """Every bus word with all its bytes kept, and last at the end of each packet: data lowest, then keep, then last."""
    keep = (1 << size) - 1 << 8 * size
    return [word | keep | (i == len(packet) - 1) << 9 * size for packet in packets for i, word in enumerate(packet)]


async def reset(dut: Any) -> None:
    """Four cycles of reset by the port that `dut` has for it."""
    for name in ("s_axis_tvalid", "m_axis_tready", "reset_i", "aresetn"):
        getattr(dut, name).value = 0
    for _ in range(4):
        await FallingEdge(dut.aclk)
    dut.aresetn.value = 1
    await FallingEdge(dut.aclk)
    await FallingEdge(dut.aclk)


async def run(dut: Any, source: Source, sink: Sink, cycles: int) -> None:
    """Until the source is empty and the sink is full, and a little longer; fails after `cycles`."""
    quiet = cycle = 0
    while quiet < 50:
        assert cycle < cycles, f"{source.sent} beats in and {len(sink.cycles)} out after {cycle} cycles"
        await FallingEdge(dut.aclk)
        valid, beat = source.drive()
        dut.s_axis_tvalid.value = valid
        dut.s_axis_tdata.value = beat & (1 << 8 * IN_BYTES) - 1
        dut.s_axis_tkeep.value = beat >> 8 * IN_BYTES & (1 << IN_BYTES) - 1
        dut.s_axis_tlast.value = beat >> 9 * IN_BYTES
        dut.m_axis_tready.value = sink.drive()
        await Timer(1, "step")
        source.sample(cycle, dut.s_axis_tready.value == 1)
        wrong = sink.sample(cycle, _beat(dut) if dut.m_axis_tvalid.value == 1 else None)
        assert wrong is None, f"beat {len(sink.cycles) - 1}: got {wrong[0]:x}, expected {wrong[1]:x}"
        cycle += 1
        quiet += source.sent == len(source.beats) and sink.done


def _beat(dut: Any) -> int:
    data, keep = dut.m_axis_tdata.value.to_unsigned(), int(str(dut.m_axis_tkeep.value), 2)
    return int(data | keep << 8 * OUT_BYTES | (dut.m_axis_tlast.value == 1) << 9 * OUT_BYTES)


@cocotb.test()
@cocotb.parametrize(
    pattern=[("never", "never"), ("random", "random"), ("often", "never"), ("never", "often"), ("bursts", "patient")]
)
async def packets_equal_reference(dut: Any, pattern: tuple[str, str]) -> None:
    """Packets of any number of frames, back to back: one packet of scores for each, exact, under idle and stall."""
    Clock(dut.aclk, 4, "step").start()
    await reset(dut)
    rng = np.random.default_rng(len(pattern[0]))
    source = Source(beats(CASE["weights"] + CASE["packets"], IN_BYTES), gaps(pattern[0], rng))
    sink = Sink(beats(CASE["expected"], OUT_BYTES), gaps(pattern[1], rng), pattern[1] == "patient", early=False)
    await run(dut, source, sink, int(os.environ["LIMIT"]) * len(CASE["weights"] + CASE["packets"]))
    assert dut.error_o.value == 0


@cocotb.test()
@cocotb.parametrize(fault=["last too early", "bytes missing"])
async def a_broken_packet_is_noticed_and_forgotten(dut: Any, fault: str) -> None:
    """The error shows until the control register resets the network; then frames are right again."""
    Clock(dut.aclk, 4, "step").start()
    await reset(dut)
    sent = beats((CASE["weights"] + CASE["packets"])[:1], IN_BYTES)[:3]
    sent[1] = sent[1] | 1 << 9 * IN_BYTES if fault == "last too early" else sent[1] & ~(1 << 8 * IN_BYTES)
    rng = np.random.default_rng(1)
    await run(dut, Source(sent, gaps("never", rng)), Sink([], gaps("never", rng), False, False), 1000)
    assert dut.error_o.value == 1
    dut.reset_i.value = 1
    for _ in range(3):
        await FallingEdge(dut.aclk)
    dut.reset_i.value = 0
    await FallingEdge(dut.aclk)
    await FallingEdge(dut.aclk)
    assert dut.error_o.value == 0
    source = Source(beats(CASE["weights"] + CASE["packets"][:1], IN_BYTES), gaps("never", rng))
    await run(dut, source, Sink(beats(CASE["expected"][:1], OUT_BYTES), gaps("never", rng), False, False), 100_000)
    assert dut.error_o.value == 0
