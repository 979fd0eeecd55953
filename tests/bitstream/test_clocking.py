"""The clocks that a board can make: within the PLL's ranges, exact where they say so, and said clearly where not."""

import pytest

from hwcodesign.bitstream.clocking import clock_for, highest_clock
from hwcodesign.core.errors import UserError
from hwcodesign.fpga.board import Board, board_names, load_board

WITH_PLL = [name for name in board_names() if load_board(name).family in ("ecp5", "ice40", "gw1n", "gw2a")]

LOOP_MHZ = {"ecp5": (400, 800), "ice40": (533, 1066), "gw1n": (400, 1200), "gw2a": (500, 1250)}


def made(board: Board, parameters: dict[str, int]) -> tuple[float, float]:
    """Output and the loop's oscillator in MHz, from what the wrapper in boards/clocks says of its parameters."""
    assert board.oscillator
    source, p = board.oscillator.mhz, parameters
    if board.family == "ecp5":
        loop = source / p["CLKI_DIV"] * p["CLKOP_DIV"]
        return loop / p["CLKOS_DIV"], loop
    if board.family == "ice40":
        loop = source * (p["DIVF"] + 1) / (p["DIVR"] + 1)
        return loop / 2 ** p["DIVQ"], loop
    output = source * (p["FBDIV_SEL"] + 1) / (p["IDIV_SEL"] + 1)
    return output, output * p["ODIV_SEL"]


@pytest.mark.parametrize("name", WITH_PLL)
@pytest.mark.parametrize("wanted", [24.0, 33.3, 50.0, 80.0, 100.0])
def test_a_clock_is_what_its_parameters_make(name: str, wanted: float) -> None:
    board = load_board(name)
    clock = clock_for(board, wanted)
    if board.oscillator is not None and wanted == board.oscillator.mhz:
        assert not clock.module
        return
    assert clock.module
    output, loop = made(board, clock.parameters)  # type: ignore[arg-type]
    assert output == pytest.approx(clock.mhz) and abs(output - wanted) <= 0.02 * wanted
    slowest, fastest = {"ecp5": (400, 800), "ice40": (533, 1066), "gw1n": (400, 1200), "gw2a": (500, 1250)}[
        board.family
    ]
    assert slowest <= loop <= fastest


@pytest.mark.parametrize(
    ("name", "mhz", "parameters"),
    [
        # What Lattice's icepll and Gowin's gowin_pll find for the same wishes.
        ("icebreaker", 24, {"DIVR": 0, "DIVF": 63, "DIVQ": 5, "FILTER_RANGE": 1}),
        ("tang-nano-20k", 54, {"FCLKIN": "27", "IDIV_SEL": 0, "FBDIV_SEL": 1, "ODIV_SEL": 16}),
        ("ulx3s-85f", 50, {"CLKI_DIV": 1, "CLKOP_DIV": 24, "CLKOS_DIV": 12}),
    ],
)
def test_known_settings(name: str, mhz: float, parameters: dict[str, object]) -> None:
    clock = clock_for(load_board(name), mhz)
    assert clock.mhz == mhz
    assert clock.parameters == parameters


def test_the_oscillator_itself_needs_no_pll() -> None:
    clock = clock_for(load_board("icebreaker"), 12)
    assert (clock.mhz, clock.module, clock.parameters) == (12, "", {})


def test_a_clock_that_cannot_be_made_names_the_nearest() -> None:
    with pytest.raises(UserError, match=r"icebreaker makes clocks from 12 to 270 MHz .*; the nearest is 12 MHz"):
        clock_for(load_board("icebreaker"), 5)


def test_without_an_oscillator_there_is_no_clock() -> None:
    with pytest.raises(UserError, match="pynq-z1 has no \\[oscillator\\]"):
        clock_for(load_board("pynq-z1"), 100)


def test_the_clock_to_ask_for_instead_is_one_that_can_be_made() -> None:
    board = load_board("ulx3s-85f")
    instead = highest_clock(board, 73.21)
    assert instead is not None and 72.5 < instead <= 73.21
    assert clock_for(board, instead).mhz == pytest.approx(instead)
    assert highest_clock(load_board("icebreaker"), 13.0) == 12.0
    assert highest_clock(load_board("icebreaker"), 11.0) is None
