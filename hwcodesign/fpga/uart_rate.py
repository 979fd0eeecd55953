"""The rate of a serial line: the highest that the board's bridge takes and that the design's clock can make.

What bridges take: FTDI DS_FT231X (3 Mbaud) and DS_FT2232H (12 Mbaud); both make any rate below within a few parts in a
thousand, those of RATES exactly or nearly so.
"""

from hwcodesign.core.errors import UserError, nearest_numbers

RATES = (
    *(9600, 19200, 38400, 57600, 115200, 230400, 460800, 500000, 921600),
    *(1_000_000, 1_500_000, 2_000_000, 3_000_000, 4_000_000, 6_000_000, 8_000_000, 12_000_000),
)
FEWEST_CLOCKS_PER_BIT = 4
LARGEST_ERROR = 0.02  # of a rate: what uart_rx is tested for
CHOSEN_ERROR = 0.01  # of one that we choose: as much is left to the other end's clock


def divider(clock_mhz: float, baud: int) -> int:
    """Clocks of a bit: the whole number that comes nearest."""
    return max(FEWEST_CLOCKS_PER_BIT, round(clock_mhz * 1e6 / baud))


def error(clock_mhz: float, baud: int) -> float:
    """By which part of it the rate is missed."""
    return abs(divider(clock_mhz, baud) * baud / (clock_mhz * 1e6) - 1)


def fastest(clock_mhz: float, most: int) -> int:
    """The highest of RATES, and `most`, that a clock makes, up to `most`.

    Raises UserError if it makes none of them.
    """
    good = [rate for rate in (*RATES, most) if rate <= most and error(clock_mhz, rate) <= CHOSEN_ERROR]
    if not good:
        raise UserError(
            f"no serial rate up to {most} baud can be made from a clock of {clock_mhz:g} MHz: use a faster clock"
        )
    return max(good)


def require(clock_mhz: float, baud: int) -> None:
    """Raise UserError, with the nearest that are possible, if a clock does not make this rate within LARGEST_ERROR."""
    if error(clock_mhz, baud) > LARGEST_ERROR:
        good = [rate for rate in RATES if error(clock_mhz, rate) <= LARGEST_ERROR]
        near = " or ".join(map(str, nearest_numbers(baud, good)))
        advice = f"{near} baud, or another clock" if good else "a faster clock"
        raise UserError(f"{baud} baud cannot be made from a clock of {clock_mhz:g} MHz within 2 %: use {advice}")
