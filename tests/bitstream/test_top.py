"""The board's top level: legal for Yosys with each family's PLL, its ports those that have pins."""

import shutil
from pathlib import Path

import pytest

from hwcodesign.bitstream import serial_link
from hwcodesign.bitstream.clocking import clock_for
from hwcodesign.bitstream.top import board_top
from hwcodesign.core import tools
from hwcodesign.core.assets import asset_folder, hls_source
from hwcodesign.core.interface import Interface
from hwcodesign.fpga.board import load_board

CELLS = {
    "ecp5": "+/ecp5/cells_sim.v +/ecp5/cells_bb.v",
    "ice40": "+/ice40/cells_sim.v",
    "gw1n": "+/gowin/cells_sim.v +/gowin/cells_xtra_gw1n.v",
    "gw2a": "+/gowin/cells_sim.v +/gowin/cells_xtra_gw2a.v",
}
INTERFACE = Interface(1, 8, 1, 64, 9, 2, 11)


def parameters(clock_mhz: float) -> dict[str, str]:
    return serial_link.parameters(INTERFACE, serial_link.UartTiming.at(clock_mhz, 115_200), "0123456789abcdef")


@pytest.mark.needs(tools.YOSYS)
@pytest.mark.parametrize(
    ("name", "mhz"),
    [("ulx3s-85f", 80), ("icebreaker", 24), ("icebreaker", 12), ("tang-nano-9k", 54), ("tang-nano-20k", 54)],
)
def test_the_top_level_is_whole(name: str, mhz: float, tmp_path: Path) -> None:
    """Every port of the PLL's cell is there, every parameter known, every wire driven."""
    board = load_board(name)
    clock = clock_for(board, mhz)
    sources = [hls_source(module) for module in serial_link.MODULES]
    sources += [asset_folder("boards") / "clocks" / f"{clock.module}.sv"] if clock.module else []
    for source in sources:
        shutil.copyfile(source, tmp_path / source.name)
    (tmp_path / "board_top.sv").write_text(board_top(board, clock, parameters(clock.mhz)))
    (tmp_path / "accelerator.sv").write_text(
        "module accelerator (input aclk, aresetn, s_axis_tvalid, input [7:0] s_axis_tdata, output s_axis_tready,\n"
        "  input s_axis_tlast, output [15:0] m_axis_tdata, output m_axis_tvalid, input m_axis_tready,\n"
        "  output m_axis_tlast, frame_error_o);\n"
        "  assign {s_axis_tready, m_axis_tdata, m_axis_tvalid, m_axis_tlast, frame_error_o} = 20'b0;\nendmodule\n"
    )
    files = " ".join(sorted(path.name for path in tmp_path.glob("*.sv")))
    script = f"read_verilog -lib {CELLS[board.family]}; read_verilog -sv {files}; hierarchy -check -top board_top; proc"
    tools.run([tools.require(tools.YOSYS), "-q", "-p", f"{script}; check -assert"], tmp_path, tmp_path / "yosys.log")


def test_pins_that_must_be_high_are_driven() -> None:
    text = board_top(load_board("ulx3s-85f"), clock_for(load_board("ulx3s-85f"), 50), parameters(50))
    assert "output logic [0:0] high_o" in text and "assign high_o = '1;" in text
    assert "high_o" not in board_top(load_board("icebreaker"), clock_for(load_board("icebreaker"), 12), parameters(12))


def test_the_designs_parameters_are_the_links() -> None:
    text = board_top(load_board("icebreaker"), clock_for(load_board("icebreaker"), 12), parameters(12))
    assert ".CLOCKS_PER_BIT(104)" in text and ".DESIGN_HASH(64'h0123456789abcdef)" in text
    assert "board_clock" not in text, "the oscillator itself"
