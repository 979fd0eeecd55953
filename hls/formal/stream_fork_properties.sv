// Properties of stream_fork, for two outputs.
module stream_fork_properties (
  input logic clk_i,
  input logic rst_ni,
  input logic [1:0] in_data_i,
  input logic in_valid_i,
  input logic [1:0] out_ready_i
);
  logic since, in_ready;
  logic [1:0] out_valid, marked;
  logic [3:0] out_data, level;

  reset_first u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  stream_fork #(
    .WIDTH(2), .OUTPUTS(2)
  ) dut (
    .clk_i, .rst_ni, .in_data_i, .in_valid_i, .in_ready_o(in_ready), .out_data_o(out_data), .out_valid_o(out_valid),
    .out_ready_i
  );

  keeps_going #(
    .CLOCKS(1)
  ) u_going (
    .clk_i, .rst_ni, .offered_i(in_valid_i && (&out_ready_i)), .moves_i(in_ready)
  );

  for (genvar i = 0; i < 2; i++) begin : gen_output
    stream_rules #(
      .WIDTH(2)
    ) u_out (
      .clk_i, .rst_ni, .data_i(out_data[2*i+:2]), .valid_i(out_valid[i]), .ready_i(out_ready_i[i])
    );
    in_order #(
      .WIDTH(2), .CAPACITY(1)
    ) u_order (
      .clk_i, .rst_ni, .since_i(since), .in_data_i, .in_take_i(in_valid_i && in_ready),
      .out_data_i(out_data[2*i+:2]), .out_valid_i(out_valid[i]), .out_take_i(out_valid[i] && out_ready_i[i]),
      .level_o(level[2*i+:2]), .ahead_o(), .marked_o(marked[i]), .marked_data_o()
    );
    always_comb if (since) assert (level[2*i+:2] == 2'(out_valid[i]));
  end

  always_comb cover (since && rst_ni && marked == 2'b01 && out_ready_i == 2'b00);
endmodule
