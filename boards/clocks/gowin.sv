// The design's clock from the oscillator, by a Gowin rPLL: clk_o = clk_i * (FBDIV_SEL + 1) / (IDIV_SEL + 1).
//
// ODIV_SEL brings the loop's oscillator, clk_o * ODIV_SEL, into its range. See Gowin UG286 (clock).
module board_clock #(
  parameter FCLKIN = "27",
  parameter int IDIV_SEL = 0,
  parameter int FBDIV_SEL = 0,
  parameter int ODIV_SEL = 8
) (
  input  logic clk_i,
  output logic clk_o,
  output logic locked_o
);
  rPLL #(
    .FCLKIN(FCLKIN),
    .IDIV_SEL(IDIV_SEL),
    .FBDIV_SEL(FBDIV_SEL),
    .ODIV_SEL(ODIV_SEL)
  ) u_pll (
    .CLKIN(clk_i),
    .CLKOUT(clk_o),
    .LOCK(locked_o),
    .CLKFB(1'b0),
    .RESET(1'b0),
    .RESET_P(1'b0),
    .FBDSEL(6'b0),
    .IDSEL(6'b0),
    .ODSEL(6'b0),
    .PSDA(4'b0),
    .DUTYDA(4'b0),
    .FDLY(4'b0)
  );
endmodule
