// Properties of global_acc_pool, for frames of PIXELS pixels of FOLDS beats of one element of two bits.
module global_acc_pool_properties #(
  parameter int PIXELS = 2,
  parameter int FOLDS = 2,
  parameter int IN_SIGNED = 0
) (
  input logic clk_i,
  input logic rst_ni,
  input logic [1:0] in_data_i,
  input logic in_valid_i,
  input logic out_ready_i
);
  localparam int Bits = 4;

  logic since, in_ready, out_valid, in_take, fold_last, pixel_last, marked;
  logic [Bits-1:0] out_data;
  logic [1:0] level;

  reset_first #(
    .ONCE(1)
  ) u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  global_acc_pool #(
    .PE(1), .IN_BITS(2), .IN_SIGNED(IN_SIGNED), .SUM_BITS(Bits), .PIXELS(PIXELS), .FOLDS(FOLDS)
  ) dut (
    .clk_i, .rst_ni, .in_data_i, .in_valid_i, .in_ready_o(in_ready), .out_data_o(out_data), .out_valid_o(out_valid),
    .out_ready_i
  );

  stream_rules #(
    .WIDTH(Bits)
  ) u_out (
    .clk_i, .rst_ni, .data_i(out_data), .valid_i(out_valid), .ready_i(out_ready_i)
  );

  assign in_take = in_valid_i && in_ready;

  keeps_going #(
    .CLOCKS(1)
  ) u_going (
    .clk_i, .rst_ni, .offered_i(in_valid_i && out_ready_i), .moves_i(in_take)
  );

  // The sums so far; the last pixel's beats are the results.
  logic [1:0] fold_q, pixel_q;
  logic [FOLDS*Bits-1:0] sums_q;
  logic [Bits-1:0] sum;
  assign fold_last = fold_q == FOLDS - 1;
  assign pixel_last = pixel_q == PIXELS - 1;
  assign sum = (pixel_q == 0 ? '0 : sums_q[Bits*fold_q+:Bits]) + {{(Bits-2){in_data_i[1] && IN_SIGNED != 0}}, in_data_i};
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      fold_q <= '0;
      pixel_q <= '0;
    end else if (in_take) begin
      fold_q <= fold_last ? '0 : fold_q + 1'b1;
      if (fold_last) pixel_q <= pixel_last ? '0 : pixel_q + 1'b1;
    end
    if (in_take) sums_q[Bits*fold_q+:Bits] <= sum;
  end

  in_order #(
    .WIDTH(Bits), .CAPACITY(2)
  ) u_order (
    .clk_i, .rst_ni, .since_i(since), .in_data_i(sum), .in_take_i(in_take && pixel_last),
    .out_data_i(out_data), .out_valid_i(out_valid), .out_take_i(out_valid && out_ready_i), .level_o(level), .ahead_o(),
    .marked_o(marked), .marked_data_o()
  );

  always_comb cover (since && rst_ni && marked && level == 2 && !out_ready_i);
endmodule
