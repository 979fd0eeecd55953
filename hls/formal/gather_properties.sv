// Properties of gather, for pixels of two beats of two elements: the second beat leaves, its elements turned round.
module gather_properties (
  input logic clk_i,
  input logic rst_ni,
  input logic [1:0] in_data_i,
  input logic in_valid_i,
  input logic out_ready_i
);
  logic since, in_ready, out_valid, take, second_q, marked;
  logic [1:0] out_data, level;

  reset_first u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  gather #(
    .BITS(1), .IN_LANES(2), .OUT_LANES(2), .BEATS(2), .KEPT({32'd1, 32'd0}), .WIRES({32'd0, 32'd1})
  ) dut (
    .clk_i, .rst_ni, .in_data_i, .in_valid_i, .in_ready_o(in_ready), .out_data_o(out_data), .out_valid_o(out_valid),
    .out_ready_i
  );

  stream_rules #(
    .WIDTH(2)
  ) u_out (
    .clk_i, .rst_ni, .data_i(out_data), .valid_i(out_valid), .ready_i(out_ready_i)
  );

  assign take = in_valid_i && in_ready;

  keeps_going #(
    .CLOCKS(1)
  ) u_going (
    .clk_i, .rst_ni, .offered_i(in_valid_i && out_ready_i), .moves_i(in_ready)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) second_q <= 1'b0;
    else if (take) second_q <= !second_q;
  end

  in_order #(
    .WIDTH(2), .CAPACITY(1)
  ) u_order (
    .clk_i, .rst_ni, .since_i(since), .in_data_i({in_data_i[0], in_data_i[1]}), .in_take_i(take && second_q),
    .out_data_i(out_data), .out_valid_i(out_valid), .out_take_i(out_valid && out_ready_i), .level_o(level), .ahead_o(),
    .marked_o(marked), .marked_data_o()
  );

  (* hierconn *) logic [0:0] \dut.beat_q ;
  always_comb begin
    if (since) begin
      assert (\dut.beat_q == second_q);
      assert (level == 2'(out_valid));
    end
  end

  always_comb cover (since && rst_ni && marked && !out_ready_i);
endmodule
