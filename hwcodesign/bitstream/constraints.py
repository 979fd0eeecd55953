"""Which port is which pin, in each tool's own words."""

from hwcodesign.core.errors import UserError
from hwcodesign.fpga.board import Board

_PULLED_UP = ("rx_i",)  # a serial line that nobody drives must rest


def write_constraints(board: Board) -> tuple[str, str]:
    """The name and the text of the constraints file for `board`'s place and route.

    Raises UserError if the family's file says nothing of how pins are written.
    """
    words = board.device.constraints
    if words is None:
        raise UserError(f"{board.name}: how the {board.family} family's pins are constrained is not known here")
    lines = [words.port(port, pin, board.io_standard, port in _PULLED_UP) for port, pin in sorted(board.pins.items())]
    assert board.oscillator is not None, "a clock was made of it"
    mhz = board.oscillator.mhz
    return f"pins.{words.suffix}", "\n".join([*lines, words.clock.format(mhz=mhz, period_ns=1000 / mhz)]) + "\n"
