// Properties of upsample, for rows of two pixels that come twice along both sides: which beat of which copy leaves next is
// counted here at the output. A pixel's first copy is in order; the others are what the first was.
module upsample_properties (
  input logic clk_i,
  input logic rst_ni,
  input logic [1:0] in_data_i,
  input logic in_valid_i,
  input logic out_ready_i
);
  logic since, in_ready, out_valid, take, first, copy_q, column_q, row_q, marked;
  logic [1:0] out_data;
  logic [1:0][1:0] seen_q;

  reset_first u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  upsample #(
    .WIDTH(2), .BEATS(1), .COLUMNS(2), .FACTOR_H(2), .FACTOR_W(2)
  ) dut (
    .clk_i, .rst_ni, .in_data_i, .in_valid_i, .in_ready_o(in_ready), .out_data_o(out_data), .out_valid_o(out_valid),
    .out_ready_i
  );

  stream_rules #(
    .WIDTH(2)
  ) u_out (
    .clk_i, .rst_ni, .data_i(out_data), .valid_i(out_valid), .ready_i(out_ready_i)
  );

  keeps_going #(
    .CLOCKS(2)
  ) u_going (
    .clk_i, .rst_ni, .offered_i(in_valid_i && out_ready_i), .moves_i(out_valid)
  );

  // The place of the beat that leaves next: the copy of the pixel, the pixel, the copy of the row.
  assign take = out_valid && out_ready_i;
  assign first = !copy_q && !row_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      copy_q <= 1'b0;
      column_q <= 1'b0;
      row_q <= 1'b0;
    end else if (take) begin
      copy_q <= !copy_q;
      if (copy_q) column_q <= !column_q;
      if (copy_q && column_q) row_q <= !row_q;
    end
    if (take && first) seen_q[column_q] <= out_data;
  end

  in_order #(
    .WIDTH(2), .CAPACITY(1)
  ) u_order (
    .clk_i, .rst_ni, .since_i(since), .in_data_i, .in_take_i(in_valid_i && in_ready), .out_data_i(out_data),
    .out_valid_i(out_valid && first), .out_take_i(take && first), .level_o(), .ahead_o(), .marked_o(marked),
    .marked_data_o()
  );

  always_comb begin
    if (since && rst_ni && out_valid && !first) assert (out_data == seen_q[column_q]);
  end

  always_comb cover (since && rst_ni && marked && !out_ready_i);
  always_comb cover (since && rst_ni && take && copy_q && column_q && row_q);
endmodule
