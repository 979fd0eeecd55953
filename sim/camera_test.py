"""cocotb tests of a network behind a camera: a timing generator plays pictures, and every score is held to its own.

Environment: CAMERA_CASE (an .npz: `lines` (pictures, height, bytes) of the port, `expected` (pictures, beats) that must
come out), CAMERA_PERIOD (simulator steps of the camera's clock; the network's has PERIOD).
"""

import os
import random
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge, Timer

PERIOD = 10
BLANK_BYTES = 12  # at least, between lines
VSYNC_BYTES = 40
PATIENCE_CLOCKS = 20_000


class Bench:
    """The camera at one end, a reader at the other."""

    def __init__(self, dut: Any) -> None:
        case = np.load(os.environ["CAMERA_CASE"])
        self.dut, self.lines, self.expected = dut, case["lines"], case["expected"].tolist()
        self.scores = len(self.expected[0]) - 1
        self.chance = random.Random(1)
        self.frames: list[list[int]] = []
        self.begun: list[int] = []  # of the frame that is coming out
        self.classes: list[int] = []
        self.slow = False
        height, width = self.lines.shape[1:]
        period = int(os.environ["CAMERA_PERIOD"])
        self.frame_steps = period * (VSYNC_BYTES + height * (width + BLANK_BYTES))  # of the camera, at least

    async def start(self) -> None:
        dut = self.dut
        dut.vsync_i.value, dut.href_i.value, dut.data_i.value, dut.m_axis_tready.value = 0, 0, 0, 0
        Clock(dut.clk_i, PERIOD, "step", impl="gpi").start()
        Clock(dut.pclk_i, int(os.environ["CAMERA_PERIOD"]), "step", impl="gpi").start()
        await self.reset()
        cocotb.start_soon(self.read_frames())
        cocotb.start_soon(self.read_classes())

    async def reset(self) -> None:
        """Of the network's side alone: the camera goes on."""
        await FallingEdge(self.dut.clk_i)
        self.dut.rst_ni.value = 0
        await Timer(20 * PERIOD, "step")
        self.dut.rst_ni.value = 1
        self.begun.clear()

    async def read_frames(self) -> None:
        """Take every beat; a slow reader waits for about a camera's frame before each."""
        dut = self.dut
        while True:
            if not int(dut.m_axis_tvalid.value):
                await RisingEdge(dut.m_axis_tvalid)
            await FallingEdge(dut.clk_i)
            if not int(dut.m_axis_tvalid.value):
                continue
            self.begun.append(dut.m_axis_tdata.value.to_signed())
            if int(dut.m_axis_tlast.value):
                self.frames.append(self.begun)
                self.begun = []
            dut.m_axis_tready.value = 1
            await FallingEdge(dut.clk_i)
            dut.m_axis_tready.value = 0
            if self.slow:
                await Timer(self.chance.randrange(2 * self.frame_steps), "step")

    async def read_classes(self) -> None:
        while True:
            await RisingEdge(self.dut.class_valid_o)
            await FallingEdge(self.dut.clk_i)
            self.classes.append(int(self.dut.class_o.value))

    async def play(self, picture: int, rows: int | None = None) -> None:
        """A frame of the camera; with `rows`, only that many lines of it."""
        dut = self.dut
        dut.vsync_i.value = 1
        await self.wait(VSYNC_BYTES)
        dut.vsync_i.value = 0
        await self.wait(BLANK_BYTES)
        for line in self.lines[picture][:rows].tolist():
            dut.href_i.value = 1
            for byte in line:
                dut.data_i.value = byte
                await FallingEdge(dut.pclk_i)
            dut.href_i.value = 0
            await self.wait(BLANK_BYTES + self.chance.randrange(5))

    async def wait(self, clocks: int) -> None:
        """So many clocks of the camera, with anything on its data pins."""
        for _ in range(clocks):
            self.dut.data_i.value = self.chance.randrange(256)
            await FallingEdge(self.dut.pclk_i)

    async def come(self, count: int) -> None:
        """Wait until `count` frames have come, and a little longer for one that should not."""
        for _ in range(PATIENCE_CLOCKS // 100):
            if len(self.frames) >= count:
                break
            await Timer(100 * PERIOD, "step")
        await Timer(200 * PERIOD, "step")
        assert not int(self.dut.frame_error_o.value), "a frame of a wrong length went into the network"

    def in_order(self) -> list[int]:
        """Which pictures came: each frame is one of them, after the one before it."""
        found, after = [], 0
        for frame in self.frames:
            assert frame in self.expected[after:], f"after picture {after - 1}: no picture has the scores {frame}"
            after += self.expected[after:].index(frame) + 1
            found.append(after - 1)
        return found


@cocotb.test()
async def every_picture_comes_through(dut: Any) -> None:
    """Scores of all, in order, and the best class of each at its own output."""
    bench = Bench(dut)
    await bench.start()
    for picture in range(len(bench.lines)):
        await bench.play(picture)
    await bench.come(len(bench.lines))
    assert bench.frames == bench.expected
    assert bench.classes == [frame[bench.scores] for frame in bench.expected]


@cocotb.test()
async def a_picture_that_ends_early_is_left_out(dut: Any) -> None:
    """A camera that was unplugged, or set anew."""
    bench = Bench(dut)
    await bench.start()
    await bench.play(0)
    await bench.play(1, rows=len(bench.lines[1]) // 2)
    await bench.play(2)
    await bench.come(2)
    assert bench.frames == [bench.expected[0], bench.expected[2]]


@cocotb.test()
async def a_slow_reader_loses_whole_pictures(dut: Any) -> None:
    """What comes is right, in order and whole, and something is left out."""
    bench = Bench(dut)
    bench.slow = True
    await bench.start()
    for picture in range(len(bench.lines)):
        await bench.play(picture)
    bench.slow = False
    await bench.come(len(bench.lines))
    assert 2 <= len(bench.in_order()) < len(bench.expected)


@cocotb.test()
async def a_reset_at_any_time_leaves_whole_pictures(dut: Any) -> None:
    """The camera plays on; the last picture comes in any case."""
    bench = Bench(dut)
    await bench.start()

    async def resets() -> None:
        for clocks in (700, 1900, 3100, 333):
            await Timer(clocks * PERIOD, "step")
            await bench.reset()

    resetting = cocotb.start_soon(resets())
    for picture in range(len(bench.lines) - 1):
        await bench.play(picture)
    await resetting
    await bench.play(len(bench.lines) - 1)
    await bench.come(len(bench.lines))
    assert bench.in_order()[-1] == len(bench.lines) - 1
