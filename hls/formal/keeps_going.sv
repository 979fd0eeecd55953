// Asserts that a module does not stand still: with every input offered and every output taken, something moves at least
// every CLOCKS clocks.
module keeps_going #(
  parameter int CLOCKS = 1
) (
  input logic clk_i,
  input logic rst_ni,
  input logic offered_i,   // every input is valid and every output ready
  input logic moves_i
);
  localparam int Bits = $clog2(CLOCKS + 1);

  logic [Bits-1:0] still_q = '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || !offered_i || moves_i) still_q <= '0;
    else still_q <= still_q + 1'b1;
  end

  always_comb assert (still_q < Bits'(CLOCKS) || !rst_ni || !offered_i || moves_i);
endmodule
