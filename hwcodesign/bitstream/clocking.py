"""The clock that a board can make of its oscillator: of every setting of the family's PLL, the best.

Vendor primitives stand in `boards/clocks/`; the ranges in which they work are the family's (fpga/families).
"""

from hwcodesign.core.errors import UserError
from hwcodesign.fpga.board import Board
from hwcodesign.fpga.family import Clock

TOLERANCE = 0.02  # a clock is what was asked for if it is off by no more than this fraction


def clock_for(board: Board, mhz: float) -> Clock:
    """The clock nearest to `mhz`. Raises UserError if the board has no oscillator or none lies within TOLERANCE."""
    clocks = _clocks(board)
    best = min(clocks, key=lambda clock: (abs(clock.mhz - mhz), bool(clock.module)))
    if abs(best.mhz - mhz) > TOLERANCE * mhz:
        low, high = min(c.mhz for c in clocks), max(c.mhz for c in clocks)
        raise UserError(
            f"--clock-mhz {mhz:g}: {board.name} makes clocks from {low:.4g} to {high:.4g} MHz out of its oscillator; "
            f"the nearest is {best.mhz:.6g} MHz"
        )
    return best


def highest_clock(board: Board, limit_mhz: float) -> float | None:
    """The fastest clock of the board, in MHz, that `limit_mhz` allows; None if even its slowest is faster."""
    return max((clock.mhz for clock in _clocks(board) if clock.mhz <= limit_mhz), default=None)


def _clocks(board: Board) -> list[Clock]:
    if board.oscillator is None:
        raise UserError(f"{board.name} has no [oscillator] in its file: nothing to make the design's clock from")
    source = board.oscillator.mhz
    return [Clock(source), *board.device.plls(source)]
