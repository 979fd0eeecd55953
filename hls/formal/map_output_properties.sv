// Properties of map_output, for signed elements of two bits that become four.
module map_output_properties (
  input logic clk_i,
  input logic rst_ni,
  input logic [1:0] in_data_i,
  input logic in_valid_i,
  input logic out_ready_i
);
  logic since, in_ready, out_valid, marked;
  logic [3:0] out_data;
  logic [1:0] level;

  reset_first u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  map_output #(
    .IN_BITS(2), .IN_SIGNED(1), .OUT_BITS(4)
  ) dut (
    .clk_i, .rst_ni, .in_data_i, .in_valid_i, .in_ready_o(in_ready), .out_data_o(out_data), .out_valid_o(out_valid),
    .out_ready_i
  );

  stream_rules #(
    .WIDTH(4)
  ) u_out (
    .clk_i, .rst_ni, .data_i(out_data), .valid_i(out_valid), .ready_i(out_ready_i)
  );

  keeps_going #(
    .CLOCKS(1)
  ) u_going (
    .clk_i, .rst_ni, .offered_i(in_valid_i && out_ready_i), .moves_i(in_ready)
  );

  in_order #(
    .WIDTH(4), .CAPACITY(1)
  ) u_order (
    .clk_i, .rst_ni, .since_i(since), .in_data_i({{2{in_data_i[1]}}, in_data_i}), .in_take_i(in_valid_i && in_ready),
    .out_data_i(out_data), .out_valid_i(out_valid), .out_take_i(out_valid && out_ready_i), .level_o(level), .ahead_o(),
    .marked_o(marked), .marked_data_o()
  );

  always_comb if (since) assert (level == 2'(out_valid));
  always_comb cover (since && rst_ni && marked && !out_ready_i);
endmodule
