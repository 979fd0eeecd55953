// Assumes of an input what stream_rules asserts of an output, for the few modules that rely on it.
module stream_assumptions #(
  parameter int WIDTH = 1
) (
  input logic clk_i,
  input logic rst_ni,
  input logic [WIDTH-1:0] data_i,
  input logic valid_i,
  input logic ready_i
);
  logic waits_q = 1'b0;
  logic [WIDTH-1:0] data_q;

  always_ff @(posedge clk_i) begin
    waits_q <= rst_ni && valid_i && !ready_i;
    data_q <= data_i;
  end

  always_comb begin
    if (waits_q && rst_ni) begin
      assume (valid_i);
      assume (data_i == data_q);
    end
  end
endmodule
