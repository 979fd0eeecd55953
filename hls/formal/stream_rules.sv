// Asserts what every stream owes its reader: after reset there is no beat; a valid beat stays, unchanged, until it is
// taken.
module stream_rules #(
  parameter int WIDTH = 1
) (
  input logic clk_i,
  input logic rst_ni,
  input logic [WIDTH-1:0] data_i,
  input logic valid_i,
  input logic ready_i
);
  logic reset_q = 1'b0;  // the clock before was in reset
  logic waits_q = 1'b0;  // in the clock before a beat was offered and not taken
  logic [WIDTH-1:0] data_q;

  always_ff @(posedge clk_i) begin
    reset_q <= !rst_ni;
    waits_q <= rst_ni && valid_i && !ready_i;
    data_q <= data_i;
  end

  always_comb begin
    if (reset_q) assert (!valid_i);
    if (waits_q) begin
      assert (valid_i);
      assert (data_i == data_q);
    end
  end
endmodule
