"""The clock that a board can make of its oscillator: every setting of the family's PLL, and the best of them.

Vendor primitives stand in `boards/clocks/` alone; here are the ranges in which they work.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from hwcodesign.core.errors import UserError
from hwcodesign.fpga.board import Board

TOLERANCE = 0.02  # a clock is what was asked for if it is off by no more than this fraction


@dataclass(frozen=True)
class Clock:
    """A clock of `mhz`, and how it is made: `module` names a file in boards/clocks ("": the oscillator itself)."""

    mhz: float
    module: str = ""
    parameters: dict[str, int | str] = field(default_factory=dict)


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
    return [Clock(source), *_PLLS.get(board.family, _no_pll)(source)]


def _no_pll(_source: float) -> Iterator[Clock]:
    yield from ()


def _ecp5(source: float) -> Iterator[Clock]:
    """Lattice FPGA-DS-02012, sysCLOCK PLL timing: detector from 10 MHz, oscillator 400 to 800, output up to 400."""
    for divider in range(1, int(source / 10) + 1):
        detector = source / divider
        factors = [factor for factor in range(1, 129) if 400 <= detector * factor <= 800]
        for factor in sorted(factors, key=lambda factor: abs(detector * factor - 600)):
            for output in range(1, 129):
                mhz = detector * factor / output
                if mhz <= 400:
                    yield Clock(mhz, "ecp5", {"CLKI_DIV": divider, "CLKOP_DIV": factor, "CLKOS_DIV": output})


def _ice40(source: float) -> Iterator[Clock]:
    """Lattice FPGA-DS-02008, section 4.20: detector 10 to 133 MHz, oscillator 533 to 1066, output 16 to 275.

    FILTER_RANGE follows the detector's frequency as in the vendor's PLL tool.
    """
    for divider in range(1, int(source / 10) + 1):
        detector = source / divider
        filter_range = 1 + sum(detector >= limit for limit in (17, 26, 44, 66, 101))
        for factor in range(1, 129):
            for output in range(1, 7):
                mhz = detector * factor / 2**output
                if divider <= 16 and 16 <= mhz <= 275 and 533 <= detector * factor <= 1066:
                    values = {"DIVR": divider - 1, "DIVF": factor - 1, "DIVQ": output, "FILTER_RANGE": filter_range}
                    yield Clock(mhz, "ice40", dict(values))


def _gowin(source: float, slowest: float, fastest: float) -> Iterator[Clock]:
    """Gowin's data sheets, PLL: detector from 3 MHz, oscillator `slowest` to `fastest`, output up to half of it."""
    for divider in range(1, min(64, int(source / 3)) + 1):
        for factor in range(1, 65):
            mhz = source * factor / divider
            outputs = [o for o in (2, 4, 8, *range(16, 129, 16)) if slowest <= mhz * o <= fastest]
            if outputs:
                values = {"IDIV_SEL": divider - 1, "FBDIV_SEL": factor - 1, "ODIV_SEL": outputs[0]}
                yield Clock(mhz, "gowin", {"FCLKIN": f"{source:g}", **values})


def _xilinx7(source: float) -> Iterator[Clock]:
    """AMD DS181, MMCM of speed grades -1 and -1L: detector from 10 MHz, oscillator 600 to 1200, output from 4.69."""
    for divider in range(1, min(5, int(source / 10)) + 1):  # the faster the detector, the steadier the clock
        for factor in range(2, 65):
            loop = source / divider * factor
            for output in range(1, 129) if 600 <= loop <= 1200 else ():
                period = round(1e6 / source)
                values = {"PERIOD_PS": period, "DIVCLK": divider, "MULT": factor, "DIVIDE": output}
                yield Clock(round(loop / output, 9), "xilinx7", dict(values))


_PLLS: dict[str, Callable[[float], Iterator[Clock]]] = {
    "ecp5": _ecp5,
    "ice40": _ice40,
    "xilinx7": _xilinx7,
    "gw1n": partial(_gowin, slowest=400, fastest=1200),  # GW1NR-9, speed C6/I5
    "gw2a": partial(_gowin, slowest=500, fastest=1250),  # GW2AR-18, speed C8/I7
}
