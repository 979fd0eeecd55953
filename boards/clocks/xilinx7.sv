// The design's clock from the oscillator, by an MMCM of the 7 series: clk_o = clk_i / DIVCLK * MULT / DIVIDE.
//
// clk_i / DIVCLK is the phase detector's frequency, times MULT the oscillator's. See AMD UG472 (clocking) and DS181
// (Artix-7: switching characteristics) for their ranges.
module board_clock #(
  parameter int PERIOD_PS = 10000,
  parameter int DIVCLK = 1,
  parameter int MULT = 10,
  parameter int DIVIDE = 10
) (
  input  logic clk_i,
  output logic clk_o,
  output logic locked_o
);
  logic loop_out, loop_in, out;

  MMCME2_BASE #(
    .CLKIN1_PERIOD   (PERIOD_PS / 1000.0),
    .DIVCLK_DIVIDE   (DIVCLK),
    .CLKFBOUT_MULT_F (MULT),
    .CLKOUT0_DIVIDE_F(DIVIDE)
  ) u_mmcm (
    .CLKIN1(clk_i),
    .CLKFBIN(loop_in),
    .CLKFBOUT(loop_out),
    .CLKFBOUTB(),
    .CLKOUT0(out),
    .CLKOUT0B(),
    .CLKOUT1(),
    .CLKOUT1B(),
    .CLKOUT2(),
    .CLKOUT2B(),
    .CLKOUT3(),
    .CLKOUT3B(),
    .CLKOUT4(),
    .CLKOUT5(),
    .CLKOUT6(),
    .LOCKED(locked_o),
    .PWRDWN(1'b0),
    .RST(1'b0)
  );
  BUFG u_loop (.I(loop_out), .O(loop_in));
  BUFG u_out (.I(out), .O(clk_o));
endmodule
