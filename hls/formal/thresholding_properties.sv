// Properties of thresholding, two channels of two bits, with thresholds in a table, or with evenly spaced ones.
//
// The images that the proof lays beside it: thresholds 1, 2, 3 and 0, 1, 3; or base 1 step 1 and base 2 step 1.
module thresholding_properties #(
  parameter int STEP_BITS = 0
) (
  input logic clk_i,
  input logic rst_ni,
  input logic [1:0] in_data_i,
  input logic in_valid_i,
  input logic out_ready_i
);
  localparam int Latency = STEP_BITS > 0 ? 2 : 3;

  logic since, in_ready, out_valid, in_take, channel_q, marked;
  logic [1:0] out_data, reached;
  logic [$clog2(Latency+2)-1:0] level;

  reset_first #(
    .ONCE(1)
  ) u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  thresholding #(
    .PE(1), .IN_BITS(2), .OUT_BITS(2), .FOLDS(2), .THRESHOLDS(3), .THRESHOLD_BITS(STEP_BITS > 0 ? 4 : 2),
    .STEP_BITS(STEP_BITS), .THRESHOLDS_FILE(STEP_BITS > 0 ? "lines" : "table")
  ) dut (
    .clk_i, .rst_ni, .in_data_i, .in_valid_i, .in_ready_o(in_ready), .out_data_o(out_data), .out_valid_o(out_valid),
    .out_ready_i
  );

  stream_rules #(
    .WIDTH(2)
  ) u_out (
    .clk_i, .rst_ni, .data_i(out_data), .valid_i(out_valid), .ready_i(out_ready_i)
  );

  assign in_take = in_valid_i && in_ready;

  keeps_going #(
    .CLOCKS(1)
  ) u_going (
    .clk_i, .rst_ni, .offered_i(in_valid_i && out_ready_i), .moves_i(in_take)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) channel_q <= 1'b0;
    else if (in_take) channel_q <= !channel_q;
  end
  // Thresholds of the first channel; of the second in the table 0, 1, 3; of the second line 2, 3, 4.
  always_comb begin
    if (!channel_q) reached = in_data_i;
    else if (STEP_BITS > 0) reached = in_data_i == 0 ? 2'd0 : in_data_i - 2'd1;
    else reached = in_data_i == 0 ? 2'd1 : in_data_i == 3 ? 2'd3 : 2'd2;
  end

  in_order #(
    .WIDTH(2), .CAPACITY(Latency)
  ) u_order (
    .clk_i, .rst_ni, .since_i(since), .in_data_i(reached), .in_take_i(in_take), .out_data_i(out_data),
    .out_valid_i(out_valid), .out_take_i(out_valid && out_ready_i), .level_o(level), .ahead_o(), .marked_o(marked),
    .marked_data_o()
  );

  always_comb cover (since && rst_ni && marked && 32'(level) == Latency && !out_ready_i);
endmodule
