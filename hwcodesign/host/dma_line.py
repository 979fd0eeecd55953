"""The network behind a Zynq's DMA, through PYNQ: frames in memory, one transfer each way for a whole batch.

The design is that of boards/zynq/block_design.tcl: a DMA `dma` in simple mode, a GPIO `control` whose first channel
resets the network and whose second tells that an input was no whole frame. Written against PYNQ 3 (pynq.lib.dma,
pynq.lib.axigpio); tried with a stand-in for it, not on a board.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.host.contract import Contract
from hwcodesign.host.dma_bus import bus_of

MOST_BYTES = 1 << 22  # of frames in one transfer: few enough for any board's contiguous memory
_CONTROL_REGISTER, _RESET_BIT = 0x00, 0x4  # of the DMA (AMD PG021): resets both its channels


class DmaLine:
    """Loads `bitstream` (with its .hwh beside it) and talks to the network in it.

    `weights` is what its memories are loaded with, a frame's bytes each; empty for a design that needs none.

    Raises UserError if one of the two is missing, if PYNQ is, or if the design has no such DMA.
    """

    retries = 0  # nothing is lost on the way through memory

    def __init__(self, bitstream: Path, contract: Contract, weights: Sequence[bytes] = ()) -> None:
        for file in (bitstream, bitstream.with_suffix(".hwh")):
            if not file.is_file():
                raise UserError(f"there is no {file}: a Zynq is loaded from a .bit and a .hwh of one name")
        try:
            import pynq
        except ImportError:
            raise UserError(f"{bitstream} is loaded with PYNQ, which runs on the board itself, not here") from None
        self._allocate = pynq.allocate
        overlay = pynq.Overlay(str(bitstream))
        try:
            self._dma, self._control = overlay.dma, overlay.control
        except AttributeError:
            raise UserError(f"{bitstream} has no DMA for a network in it: was it made by hwcodesign?") from None
        self.contract, self.patience, self._weights = contract, contract.patience, weights
        self._loaded = False
        self._reset()

    def results(self, images: Sequence[bytes], on_done: Callable[[int], None] = lambda done: None) -> list[bytes]:
        """Send `images`; the result of each, in their order.

        `on_done` hears how many have their result. Raises UserError if the network stands still; it is reset then.
        """
        if not self._loaded:
            for at in range(0, len(self._weights), self._at_once):
                self._transfer(self._weights[at : at + self._at_once], scored=False)
            self._loaded = True
        found: list[bytes] = []
        while len(found) < len(images):
            found += self._transfer(images[len(found) : len(found) + self._at_once])
            on_done(len(found))
        return found

    def close(self) -> None:
        """Nothing to give free: the design stays loaded."""

    @property
    def _at_once(self) -> int:
        """Frames in one transfer."""
        interface = self.contract.interface
        return max(1, MOST_BYTES // (interface.in_beats * bus_of(interface).in_bytes))

    def _transfer(self, images: Sequence[bytes], scored: bool = True) -> list[bytes]:
        """Send the frames `images`; what comes back for each, if they are `scored`."""
        interface, bus, count = self.contract.interface, bus_of(self.contract.interface), len(images)
        frames = self._allocate(shape=(count, interface.in_beats, bus.in_bytes), dtype=np.uint8)
        scores = self._allocate(shape=(count, interface.out_beats, bus.out_bytes), dtype=np.uint8)
        try:
            packed = np.frombuffer(b"".join(images), dtype=np.uint8)
            frames[:, :, : interface.in_bytes] = packed.reshape(count, interface.in_beats, interface.in_bytes)
            if scored:
                self._dma.recvchannel.transfer(scores)
            self._dma.sendchannel.transfer(frames)
            self._wait(self._dma.sendchannel, count)
            if not scored:
                return []
            self._wait(self._dma.recvchannel, count)
            # A score is sign-extended to the bus: its low bytes are the whole of it.
            whole = np.array(scores[:, :, : interface.out_bytes])
        finally:
            for buffer in (frames, scores):
                buffer.freebuffer()
        return [result.tobytes() for result in whole]

    def _wait(self, channel: Any, count: int) -> None:
        """Until the channel is idle, at most `patience` seconds for each frame; PYNQ itself would wait for ever."""
        end = time.monotonic() + self.patience * count
        while not channel.idle:
            if channel.error or time.monotonic() > end:
                broken = bool(self._control.channel2.read() & 1)
                self._reset()
                cause = "it was sent something else than whole frames" if broken else "no scores came"
                raise UserError(f"the network stood still: {cause}; it has been reset, try again")
        channel.wait()  # makes what was received visible to the processor

    def _reset(self) -> None:
        self._loaded = False
        self._control.channel1.write(1, 1)
        self._control.channel1.write(0, 1)
        self._dma.write(_CONTROL_REGISTER, _RESET_BIT)
        for channel in (self._dma.sendchannel, self._dma.recvchannel):
            channel.start()
