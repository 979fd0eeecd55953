"""cocotb test that is a board: it connects the UART's two pins to a pseudo-terminal until a file tells it to stop.

Environment: BOARD_PORT (a link to the terminal is put there), BOARD_STOP (the file), BOARD_BAUD (a host whose port has
another rate is not understood), BOARD_BIT_CLOCKS, BOARD_TIMEOUT_CLOCKS, BOARD_QUIET_CLOCKS (after so many without one
byte the simulated time stands still and waits for the host), BOARD_FAULTS (see hwcodesign/bitstream/emulated_board.py).
"""

import json
import os
import select
import termios
import tty
from contextlib import suppress
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, Timer
from cocotb.utils import get_sim_time

PERIOD = 2  # simulator steps of a clock
RESET_CLOCKS = 8
IDLE_BITS = 20
POLL_SECONDS = 0.05
OUTPUT_SPEED = 5  # its place in what termios tells of a terminal


class Line:
    """The two wires, and the terminal at their other end."""

    def __init__(self, dut: Any, terminal: int) -> None:
        self.dut, self.terminal = dut, terminal
        self.bit = int(os.environ["BOARD_BIT_CLOCKS"]) * PERIOD
        self.pause = 2 * int(os.environ["BOARD_TIMEOUT_CLOCKS"]) * PERIOD
        self.faults = [{int(n): fault for n, fault in side.items()} for side in json.loads(os.environ["BOARD_FAULTS"])]
        self.sent = self.received = 0
        self.last_byte = 0.0

    async def send(self, byte: int) -> None:
        """Bring the host's next byte to the board, or what a fault makes of it."""
        fault = self.faults[0].get(self.sent)
        self.sent += 1
        if fault == "lose":
            return
        if fault == "glitch":
            await self.level(0, PERIOD)
            await self.level(1, self.bit)
        if fault == "pause":
            await self.level(1, self.pause)
        if fault == "break":
            await self.level(0, 15 * self.bit)
            await self.level(1, self.bit)
        await self.level(0, self.bit)
        for i in range(8):
            await self.level((byte ^ (16 * (fault == "flip"))) >> i & 1, self.bit)
            if fault == "reset" and i == 3:
                await reset(self.dut)
        await self.level(1, self.bit)
        self.last_byte = get_sim_time("step")

    async def level(self, value: int, duration: int) -> None:
        self.dut.rx_i.value = value
        await Timer(duration, "step")

    async def listen(self) -> None:
        """Bring the board's bytes to the host."""
        while True:
            await FallingEdge(self.dut.tx_o)
            await Timer(self.bit // 2, "step")
            byte = 0
            for i in range(8):
                await Timer(self.bit, "step")
                byte |= int(self.dut.tx_o.value) << i
            await Timer(self.bit, "step")
            if int(self.dut.tx_o.value):
                self.deliver(byte)

    def deliver(self, byte: int) -> None:
        self.last_byte = get_sim_time("step")
        fault = self.faults[1].get(self.received)
        self.received += 1
        if fault != "lose":
            with suppress(BlockingIOError):  # nobody reads, and the buffer is full: lost, as on a real line
                os.write(self.terminal, bytes([byte ^ (16 * (fault == "flip"))]))


@cocotb.test()
async def board(dut: Any) -> None:
    """The board, until it is stopped."""
    port, stop = Path(os.environ["BOARD_PORT"]), Path(os.environ["BOARD_STOP"])
    rate = getattr(termios, f"B{os.environ['BOARD_BAUD']}")
    quiet = int(os.environ["BOARD_QUIET_CLOCKS"]) * PERIOD
    terminal, host_end = os.openpty()  # the host's end stays open here too, so that hosts may come and go
    tty.setraw(host_end)
    os.set_blocking(terminal, False)
    line = Line(dut, terminal)
    dut.rx_i.value = 1
    Clock(dut.clk_i, PERIOD, "step", impl="gpi").start()
    await reset(dut)
    cocotb.start_soon(line.listen())
    port.symlink_to(os.ttyname(host_end))
    while not stop.exists():
        waiting = POLL_SECONDS if get_sim_time("step") - line.last_byte > quiet else 0
        if select.select([terminal], [], [], waiting)[0]:
            sent = os.read(terminal, 64)
            for byte in sent if termios.tcgetattr(host_end)[OUTPUT_SPEED] == rate else b"":
                await line.send(byte)
        else:
            await Timer(IDLE_BITS * line.bit, "step")


async def reset(dut: Any) -> None:
    """A reset of a few clocks."""
    dut.rst_ni.value = 0
    await Timer(RESET_CLOCKS * PERIOD, "step")
    dut.rst_ni.value = 1
