// The design's clock from the oscillator, by the iCE40's PLL: clk_o = clk_i * (DIVF + 1) / (DIVR + 1) / 2**DIVQ.
//
// clk_i must come straight from the pin beside the PLL. See Lattice FPGA-TN-02052 (sysCLOCK PLL).
module board_clock #(
  parameter int DIVR = 0,
  parameter int DIVF = 0,
  parameter int DIVQ = 1,
  parameter int FILTER_RANGE = 1
) (
  input  logic clk_i,
  output logic clk_o,
  output logic locked_o
);
  SB_PLL40_PAD #(
    .FEEDBACK_PATH("SIMPLE"),
    .DIVR(4'(DIVR)),
    .DIVF(7'(DIVF)),
    .DIVQ(3'(DIVQ)),
    .FILTER_RANGE(3'(FILTER_RANGE))
  ) u_pll (
    .PACKAGEPIN(clk_i),
    .PLLOUTGLOBAL(clk_o),
    .LOCK(locked_o),
    .RESETB(1'b1),
    .BYPASS(1'b0)
  );
endmodule
