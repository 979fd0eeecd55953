// The design's clock from the oscillator, by a PLL of the ECP5: clk_o = clk_i / CLKI_DIV * CLKOP_DIV / CLKOS_DIV.
//
// The first output closes the loop at clk_i / CLKI_DIV, so the loop's oscillator runs CLKOP_DIV times as fast; the
// second output divides that. The loop filter's settings are those that Project Trellis' ecppll writes for every frequency. See
// Lattice FPGA-TN-02200 (sysCLOCK PLL).
module board_clock #(
  parameter int CLKI_DIV = 1,
  parameter int CLKOP_DIV = 16,
  parameter int CLKOS_DIV = 16
) (
  input  logic clk_i,
  output logic clk_o,
  output logic locked_o
);
  logic loop;

  (* ICP_CURRENT = "12", LPF_RESISTOR = "8", MFG_ENABLE_FILTEROPAMP = "1", MFG_GMCREF_SEL = "2" *)
  EHXPLLL #(
    .CLKI_DIV(CLKI_DIV),
    .CLKFB_DIV(1),
    .CLKOP_DIV(CLKOP_DIV),
    .CLKOP_CPHASE(CLKOP_DIV / 2),
    .CLKOP_ENABLE("ENABLED"),
    .CLKOS_DIV(CLKOS_DIV),
    .CLKOS_CPHASE(CLKOS_DIV / 2),
    .CLKOS_ENABLE("ENABLED"),
    .FEEDBK_PATH("CLKOP")
  ) u_pll (
    .CLKI(clk_i),
    .CLKFB(loop),
    .CLKOP(loop),
    .CLKOS(clk_o),
    .LOCK(locked_o),
    .RST(1'b0),
    .STDBY(1'b0),
    .PHASESEL0(1'b0),
    .PHASESEL1(1'b0),
    .PHASEDIR(1'b1),
    .PHASESTEP(1'b1),
    .PHASELOADREG(1'b1),
    .PLLWAKESYNC(1'b0),
    .ENCLKOP(1'b0),
    .ENCLKOS(1'b0)
  );
endmodule
