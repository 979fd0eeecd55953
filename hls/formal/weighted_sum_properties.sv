// Properties of weighted_sum, for one lane: 3 times two unsigned bits, minus 2 times two signed ones.
module weighted_sum_properties (
  input logic clk_i,
  input logic rst_ni,
  input logic [3:0] in_data_i,
  input logic [1:0] in_valid_i,
  input logic out_ready_i
);
  localparam int Bits = 5;

  logic since, out_valid, marked;
  logic [1:0] in_ready, level, ahead;
  logic [Bits-1:0] out_data, first, second, sum, marked_data;

  reset_first u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  weighted_sum #(
    .LANES(1), .INPUTS(2), .IN_BITS({32'd2, 32'd2}), .IN_SIGNED({32'd1, 32'd0}), .FACTORS({-32'sd2, 32'd3}),
    .BEAT_BITS(4), .OUT_BITS(Bits)
  ) dut (
    .clk_i, .rst_ni, .in_data_i, .in_valid_i, .in_ready_o(in_ready), .out_data_o(out_data), .out_valid_o(out_valid),
    .out_ready_i
  );

  stream_rules #(
    .WIDTH(Bits)
  ) u_out (
    .clk_i, .rst_ni, .data_i(out_data), .valid_i(out_valid), .ready_i(out_ready_i)
  );

  keeps_going #(
    .CLOCKS(1)
  ) u_going (
    .clk_i, .rst_ni, .offered_i((&in_valid_i) && out_ready_i), .moves_i(&in_ready)
  );

  // The sum, added up one by one.
  assign first = Bits'(in_data_i[1:0]);
  assign second = {{(Bits - 2) {in_data_i[3]}}, in_data_i[3:2]};
  assign sum = first + first + first - second - second;

  in_order #(
    .WIDTH(Bits), .CAPACITY(2)
  ) u_order (
    .clk_i, .rst_ni, .since_i(since), .in_data_i(sum), .in_take_i(in_valid_i[0] && in_ready[0]),
    .out_data_i(out_data), .out_valid_i(out_valid), .out_take_i(out_valid && out_ready_i), .level_o(level),
    .ahead_o(ahead), .marked_o(marked), .marked_data_o(marked_data)
  );

  // Two stages: products, whose sum is what leaves, and the sum.
  (* hierconn *) logic \dut.valid_q ;
  (* hierconn *) logic [2*Bits-1:0] \dut.products_q ;
  logic [Bits-1:0] behind;
  assign behind = \dut.products_q [Bits-1:0] + \dut.products_q [2*Bits-1:Bits];
  always_comb begin
    if (since) begin
      assert ((in_valid_i[0] && in_ready[0]) == (in_valid_i[1] && in_ready[1]));  // both or none
      assert (level == 2'(out_valid) + 2'(\dut.valid_q ));
      if (marked && \dut.valid_q && ahead == 2'(out_valid)) assert (behind == marked_data);
    end
  end

  always_comb cover (since && rst_ni && marked && level == 2 && !out_ready_i);
endmodule
