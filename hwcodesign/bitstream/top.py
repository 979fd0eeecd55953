"""The top level of a bitstream: pins, clock, reset, and the network behind its link."""

from collections.abc import Mapping

from hwcodesign.fpga.board import Board
from hwcodesign.fpga.family import Clock

TOP = "board_top"
DESIGN = "u_design"  # the instance that holds everything but clock and reset
_RESET_BITS = 8  # 2**8 clocks: on iCE40, block RAM answers some microseconds after configuration


def board_top(board: Board, clock: Clock, parameters: Mapping[str, int | str]) -> str:
    """SystemVerilog of the top level; `parameters` are those of `serial_accelerator`, as they stand in the text."""
    return f"""\
// Emitted by hwcodesign; do not edit. {board.title}, {clock.mhz:.6g} MHz.
module {TOP} (
  input  logic clk_i,
  input  logic rx_i,
  output logic tx_o{_high_port(board)}
);
  logic clk, locked, rst_n;
{_clock(clock)}
  // In reset until the clock has been steady for a while. Configuration clears every flip-flop.
  logic [{_RESET_BITS - 1}:0] waited_q = '0;
  assign rst_n = &waited_q;
  always_ff @(posedge clk or negedge locked) begin
    if (!locked) waited_q <= '0;
    else if (!rst_n) waited_q <= waited_q + 1'b1;
  end

  // The reset is used one clock later, from a flip-flop of its own: it drives the whole chip.
  logic rst_nq = 1'b0;
  always_ff @(posedge clk) rst_nq <= rst_n;

  serial_accelerator #(
{_named(parameters)}
  ) {DESIGN} (
    .clk_i(clk),
    .rst_ni(rst_nq),
    .rx_i,
    .tx_o
  );
{_high(board)}endmodule
"""


def _clock(clock: Clock) -> str:
    if not clock.module:
        return "  assign clk = clk_i;\n  assign locked = 1'b1;\n"
    values = {key: f'"{value}"' if isinstance(value, str) else value for key, value in clock.parameters.items()}
    return f"  board_clock #(\n{_named(values)}\n  ) u_clock (\n    .clk_i, .clk_o(clk), .locked_o(locked)\n  );\n"


def _named(values: Mapping[str, int | str]) -> str:
    return ",\n".join(f"    .{key}({value})" for key, value in values.items())


def _high_port(board: Board) -> str:
    return f",\n  output logic [{len(board.high) - 1}:0] high_o" if board.high else ""


def _high(board: Board) -> str:
    return "  assign high_o = '1;\n" if board.high else ""
