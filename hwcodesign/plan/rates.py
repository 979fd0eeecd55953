"""Three rates: what the core can do, what its link carries, and what a user gets, which is the smaller.

Over a UART both directions run at once, and images are sent before the answers to the former ones are there, so the
slower direction counts: a start and a stop bit for each byte, the packet's overhead, and one byte in 128 twice (two of
256 values are escaped). Over a DMA a beat travels a clock; what the processor needs around a transfer is not counted.
"""

from dataclasses import dataclass
from typing import Any

from hwcodesign.core.interface import Interface
from hwcodesign.fpga.board import Board
from hwcodesign.fpga.uart_rate import fastest
from hwcodesign.host.packets import OVERHEAD_BYTES

BITS_PER_BYTE = 10
ESCAPES = 1 + 2 / 256  # bytes on the line for a byte of data, if all values are as frequent


@dataclass(frozen=True)
class Rates:
    """Frames per second. `link` is None on a board without one: then pixels come from elsewhere on the chip."""

    core: float
    link: float | None
    advice: str

    @property
    def user(self) -> float:
        """What a user gets."""
        return self.core if self.link is None else min(self.core, self.link)

    @property
    def link_limits(self) -> bool:
        return self.link is not None and self.link < self.core

    def summary(self) -> dict[str, Any]:
        """Ready for report.json."""
        rounded = None if self.link is None else round(self.link, 3)
        return {"core": round(self.core, 3), "link": rounded, "user": round(self.user, 3), "advice": self.advice}

    def sentence(self) -> str:
        """For a person: nothing if the link carries what the core can do."""
        if not self.link_limits:
            return ""
        return (
            f"a host gets {self.user:,.1f} frames per second: the core can do {self.core:,.1f}, the link carries "
            f"{self.link:,.1f}; {self.advice}"
        )


def rates_of(board: Board, interface: Interface, core: float, clock_mhz: float) -> Rates:
    """The rates of a design whose core takes `core` frames per second at `clock_mhz`.

    Raises UserError if that clock makes no serial rate.
    """
    if board.link is None:
        return Rates(core, None, "")
    if board.link.baud is None:
        beats = max(interface.in_beats, interface.out_beats)
        return Rates(core, clock_mhz * 1e6 / beats, "more lanes of the first layer ([hardware] fold) make wider beats")
    image = interface.frame_bytes * ESCAPES + OVERHEAD_BYTES
    result = interface.out_bytes * interface.out_beats * ESCAPES + OVERHEAD_BYTES
    link = fastest(clock_mhz, board.link.baud) / (BITS_PER_BYTE * max(image, result))
    wanted = BITS_PER_BYTE * max(image, result) * core
    advice = f"{wanted / 1e6:,.1f} Mbaud would carry it all, as does a source of pixels on the chip (AXI4-Stream)"
    return Rates(core, link, advice)
