// Properties of vvau, for windows of two elements of two channels, one by one: weights 1, -2 and -1, 1, in the image that
// the proof lays beside it.
module vvau_properties (
  input logic clk_i,
  input logic rst_ni,
  input logic [1:0] in_data_i,
  input logic in_valid_i,
  input logic out_ready_i
);
  logic since, in_ready, out_valid, in_take, out_take, second_q, channel_q, marked;
  logic [1:0] first_q;
  logic [4:0] out_data, result;

  reset_first #(
    .ONCE(1)
  ) u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  vvau #(
    .CHANNELS(2), .WINDOW(2), .PE(1), .SIMD(1), .IN_BITS(2), .IN_SIGNED(0), .WEIGHT_BITS(2), .WEIGHT_SIGNED(1),
    .ACC_BITS(5), .OUT_BITS(5), .WEIGHTS_FILE("weights")
  ) dut (
    .clk_i, .rst_ni, .in_data_i, .in_valid_i, .in_ready_o(in_ready), .out_data_o(out_data), .out_valid_o(out_valid),
    .out_ready_i
  );

  stream_rules #(
    .WIDTH(5)
  ) u_out (
    .clk_i, .rst_ni, .data_i(out_data), .valid_i(out_valid), .ready_i(out_ready_i)
  );

  assign in_take = in_valid_i && in_ready;
  assign out_take = out_valid && out_ready_i;

  keeps_going #(
    .CLOCKS(1)
  ) u_going (
    .clk_i, .rst_ni, .offered_i(in_valid_i && out_ready_i), .moves_i(in_take || out_take)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      second_q <= 1'b0;
      channel_q <= 1'b0;
    end else if (in_take) begin
      second_q <= !second_q;
      if (second_q) channel_q <= !channel_q;
    end
    if (in_take) first_q <= in_data_i;
  end
  assign result = channel_q ? 5'(in_data_i) - 5'(first_q) : 5'(first_q) - {2'b0, in_data_i, 1'b0};

  in_order #(
    .WIDTH(5), .CAPACITY(3)
  ) u_order (
    .clk_i, .rst_ni, .since_i(since), .in_data_i(result), .in_take_i(in_take && second_q), .out_data_i(out_data),
    .out_valid_i(out_valid), .out_take_i(out_take), .level_o(), .ahead_o(), .marked_o(marked), .marked_data_o()
  );

  always_comb cover (since && rst_ni && marked && channel_q && out_take);
endmodule
