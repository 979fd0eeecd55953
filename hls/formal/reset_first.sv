// Assumes that a run begins in reset. With ONCE it never comes back; otherwise it may at any time.
// since_o is high from the clock behind the first reset on: there is nothing to hold the module to before.
module reset_first #(
  parameter int ONCE = 0
) (
  input  logic clk_i,
  input  logic rst_ni,
  output logic since_o
);
  logic over_q = 1'b0;
  initial since_o = 1'b0;

  always_ff @(posedge clk_i) begin
    since_o <= 1'b1;
    over_q <= over_q || rst_ni;
  end

  always_comb begin
    if (!since_o) assume (!rst_ni);
    if (ONCE != 0 && over_q) assume (rst_ni);
  end
endmodule
