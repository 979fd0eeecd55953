"""cocotb tests of the UART: random bytes at baud rates that are off, glitches, breaks, and the transmitter's timing.

Environment: CLOCKS_PER_BIT.
"""

import os
import random
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge, Timer

PERIOD = 200  # simulator steps of a clock: fine enough for a baud rate that is a little off
BIT = int(os.environ.get("CLOCKS_PER_BIT", "8")) * PERIOD
BYTES = 60


class Receiver:
    """Drives the line and collects what the receiver makes of it."""

    def __init__(self, dut: Any, bit: int) -> None:
        self.dut, self.bit = dut, bit
        self.bytes: list[int] = []
        self.broken = 0
        cocotb.start_soon(self._collect())

    async def _collect(self) -> None:
        while True:
            await FallingEdge(self.dut.clk_i)
            if int(self.dut.rx_valid_o.value):
                self.bytes.append(int(self.dut.rx_data_o.value))
            self.broken += int(self.dut.rx_broken_o.value)

    async def level(self, value: int, duration: float) -> None:
        self.dut.rx_i.value = value
        await Timer(round(duration), "step")

    async def send(self, byte: int, glitches: random.Random | None = None) -> None:
        """One byte; with `glitches`, a clock of each bit has the wrong level."""
        for value in (0, *((byte >> i) & 1 for i in range(8)), 1):
            at = glitches.randrange(2, BIT // PERIOD - 2) * PERIOD if glitches else 0
            if glitches:
                await self.level(value, at)
                await self.level(1 - value, 0.9 * PERIOD)
                at += round(0.9 * PERIOD)
            await self.level(value, self.bit - at)

    async def rest(self, bits: float = 3) -> None:
        await self.level(1, bits * BIT)


async def started(dut: Any, bit: float = BIT) -> Receiver:
    """The bench after its reset, with a line that rests; `bit` is the length of a sent bit."""
    dut.rx_i.value, dut.tx_valid_i.value, dut.rst_ni.value = 1, 0, 0
    Clock(dut.clk_i, PERIOD, "step").start()
    await Timer(5 * PERIOD, "step")
    dut.rst_ni.value = 1
    receiver = Receiver(dut, round(bit))
    await receiver.rest()
    return receiver


@cocotb.test()
@cocotb.parametrize(percent=[-2.0, -1.0, 0.0, 1.0, 2.0])
async def bytes_arrive_at_a_baud_rate_that_is_off(dut: Any, percent: float) -> None:
    """Back to back and with random pauses, at every phase of the clock."""
    receiver, chance = await started(dut, BIT * (1 + percent / 100)), random.Random(1)
    sent = [0x00, 0xFF, 0x55, 0xAA, *(chance.randrange(256) for _ in range(BYTES))]
    for byte in sent:
        await receiver.send(byte)
        if chance.randrange(4) == 0:
            await receiver.rest(0.1 + chance.random())
    await receiver.rest()
    assert (receiver.bytes, receiver.broken) == (sent, 0)


@cocotb.test()
async def short_pulses_are_no_bytes(dut: Any) -> None:
    """Everything up to 0.4 bits between bytes."""
    receiver = await started(dut)
    for i in range(20):
        await receiver.level(0, 0.02 * BIT * (i + 1))
        await receiver.rest(1)
        await receiver.send(i)
        await receiver.rest(1)
    assert (receiver.bytes, receiver.broken) == (list(range(20)), 0)


@cocotb.test(skip=BIT < 6 * PERIOD)
async def single_wrong_samples_are_outvoted(dut: Any) -> None:
    """One clock of every bit has the wrong level, wherever it lies."""
    receiver, chance = await started(dut), random.Random(2)
    sent = [chance.randrange(256) for _ in range(BYTES)]
    for byte in sent:
        await receiver.send(byte, glitches=chance)
        await receiver.rest(1)
    await receiver.rest()
    assert (receiver.bytes, receiver.broken) == (sent, 0)


@cocotb.test()
async def a_break_is_reported_once_and_recovered_from(dut: Any) -> None:
    """However long it is."""
    receiver = await started(dut)
    for i, bits in enumerate((9.8, 12, 35, 100), 1):
        await receiver.level(0, bits * BIT)
        await receiver.rest(2)
        assert (receiver.broken, len(receiver.bytes)) == (i, i - 1), bits
        await receiver.send(i)
        await receiver.rest(1)
    assert receiver.bytes == [1, 2, 3, 4]


@cocotb.test()
async def a_line_that_is_low_at_reset_sends_nothing(dut: Any) -> None:
    """A cable that is not plugged in."""
    receiver = await started(dut)
    dut.rst_ni.value = 0
    await receiver.level(0, 5 * BIT)
    dut.rst_ni.value = 1
    await receiver.level(0, 50 * BIT)
    await receiver.rest(2)
    await receiver.send(0x5A)
    await receiver.rest(1)
    assert (receiver.bytes, receiver.broken) == ([0x5A], 0)


@cocotb.test()
async def sent_bits_have_their_length(dut: Any) -> None:
    """Start bit, eight data bits, stop bit, each CLOCKS_PER_BIT clocks to the clock."""
    await started(dut)
    chance = random.Random(3)
    for byte in (chance.randrange(256) for _ in range(20)):
        await FallingEdge(dut.clk_i)
        assert int(dut.tx_ready_o.value) and int(dut.tx_o.value)
        dut.tx_data_i.value, dut.tx_valid_i.value = byte, 1
        await RisingEdge(dut.clk_i)
        await FallingEdge(dut.clk_i)
        dut.tx_valid_i.value = 0
        for value in (0, *((byte >> i) & 1 for i in range(8)), 1):
            for _ in range(BIT // PERIOD):
                assert int(dut.tx_o.value) == value and not int(dut.tx_ready_o.value)
                await FallingEdge(dut.clk_i)
        await Timer(chance.randrange(1, 4) * PERIOD, "step")
