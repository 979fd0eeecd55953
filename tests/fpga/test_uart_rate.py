"""The rate of a serial line: as fast as bridge and clock allow, never off by more than a hundredth."""

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.fpga.board import board_names, load_board
from hwcodesign.fpga.uart_rate import CHOSEN_ERROR, FEWEST_CLOCKS_PER_BIT, divider, error, fastest


@pytest.mark.parametrize(
    ("clock_mhz", "most", "rate"),
    [
        (50.0, 3_000_000, 2_000_000),  # 3 Mbaud would be off by 2 %
        (48.0, 3_000_000, 3_000_000),
        (96.0, 12_000_000, 12_000_000),
        (100.0, 12_000_000, 4_000_000),
        (12.0, 12_000_000, 3_000_000),
        (27.0, 1_000_000, 1_000_000),
        (50.0, 250_000, 250_000),  # a bridge of its own rate
    ],
)
def test_the_highest_that_bridge_and_clock_allow(clock_mhz: float, most: int, rate: int) -> None:
    assert fastest(clock_mhz, most) == rate


def test_every_board_talks_at_its_own_clock() -> None:
    for board in map(load_board, board_names()):
        if board.link is not None and board.link.baud is not None:
            rate = fastest(board.clock_mhz, board.link.baud)
            assert rate <= board.link.baud
            assert error(board.clock_mhz, rate) <= CHOSEN_ERROR
            assert divider(board.clock_mhz, rate) >= FEWEST_CLOCKS_PER_BIT


def test_a_clock_that_makes_no_rate_is_refused() -> None:
    with pytest.raises(UserError, match=r"no serial rate up to 9600 baud can be made from a clock of 0\.01 MHz"):
        fastest(0.01, 9600)
