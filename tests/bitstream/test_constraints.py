"""Every board's pins reach its place and route, each in the tool's own words."""

import pytest

from hwcodesign.bitstream.constraints import write_constraints
from hwcodesign.fpga.board import load_board
from tests.bitstream.test_clocking import WITH_PLL


@pytest.mark.parametrize("name", WITH_PLL)
def test_every_port_has_its_pin(name: str) -> None:
    board = load_board(name)
    _, text = write_constraints(board)
    for port, pin in board.pins.items():
        assert any(
            port in line and pin in line.replace('"', " ").replace(";", " ").split() for line in text.splitlines()
        )


def test_the_three_formats() -> None:
    assert write_constraints(load_board("colorlight-i5")) == (
        "pins.lpf",
        'LOCATE COMP "clk_i" SITE "P3";\n'
        'IOBUF PORT "clk_i" IO_TYPE=LVCMOS33 PULLMODE=NONE;\n'
        'LOCATE COMP "rx_i" SITE "H18";\n'
        'IOBUF PORT "rx_i" IO_TYPE=LVCMOS33 PULLMODE=UP;\n'
        'LOCATE COMP "tx_o" SITE "J17";\n'
        'IOBUF PORT "tx_o" IO_TYPE=LVCMOS33 PULLMODE=NONE;\n'
        'FREQUENCY PORT "clk_i" 25.0 MHZ;\n',
    )
    name, text = write_constraints(load_board("icebreaker"))
    assert (name, text) == (
        "pins.pcf",
        "set_io clk_i 35\nset_io -pullup yes rx_i 6\nset_io tx_o 9\nset_frequency clk_i 12.0\n",
    )
    name, text = write_constraints(load_board("tang-nano-20k"))
    assert name == "pins.cst"
    assert 'IO_LOC "rx_i" 70;\nIO_PORT "rx_i" IO_TYPE=LVCMOS33 PULL_MODE=UP;\n' in text
