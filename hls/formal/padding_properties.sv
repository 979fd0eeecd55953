// Properties of padding: which beat of which place leaves next is counted here at the output.
module padding_properties #(
  parameter int BEATS = 1,
  parameter int IN_HEIGHT = 2,
  parameter int IN_WIDTH = 2,
  parameter int TOP = 1,
  parameter int BOTTOM = 1,
  parameter int LEFT = 1,
  parameter int RIGHT = 1
) (
  input logic clk_i,
  input logic rst_ni,
  input logic [1:0] in_data_i,
  input logic in_valid_i,
  input logic out_ready_i
);
  localparam int Rows = TOP + IN_HEIGHT + BOTTOM;
  localparam int Columns = LEFT + IN_WIDTH + RIGHT;
  localparam int Bits = 3;  // of every coordinate: the feature map is small

  logic since, in_ready, out_valid, take, inside, marked;
  logic [1:0] out_data, level;

  reset_first u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  padding #(
    .WIDTH(2), .BEATS(BEATS), .IN_HEIGHT(IN_HEIGHT), .IN_WIDTH(IN_WIDTH), .TOP(TOP), .BOTTOM(BOTTOM), .LEFT(LEFT),
    .RIGHT(RIGHT)
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

  // The place of the beat that leaves next.
  logic [Bits-1:0] row_q, column_q, beat_q;
  logic beat_last, column_last, row_last;
  assign take = out_valid && out_ready_i;
  assign beat_last = beat_q == Bits'(BEATS - 1);
  assign column_last = beat_last && column_q == Bits'(Columns - 1);
  assign row_last = column_last && row_q == Bits'(Rows - 1);
  assign inside = row_q >= Bits'(TOP) && row_q < Bits'(TOP + IN_HEIGHT)
               && column_q >= Bits'(LEFT) && column_q < Bits'(LEFT + IN_WIDTH);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      beat_q <= '0;
      column_q <= '0;
      row_q <= '0;
    end else if (take) begin
      beat_q <= beat_last ? '0 : beat_q + 1'b1;
      if (beat_last) column_q <= column_last ? '0 : column_q + 1'b1;
      if (column_last) row_q <= row_last ? '0 : row_q + 1'b1;
    end
  end

  in_order #(
    .WIDTH(2), .CAPACITY(1)
  ) u_order (
    .clk_i, .rst_ni, .since_i(since), .in_data_i, .in_take_i(in_valid_i && in_ready),
    .out_data_i(out_data), .out_valid_i(out_valid && inside), .out_take_i(take && inside), .level_o(level), .ahead_o(),
    .marked_o(marked), .marked_data_o()
  );

  // The kernel's counters are as far as the beat behind its output register.
  (* hierconn *) logic [$clog2(Rows+1)-1:0] \dut.row_q ;
  (* hierconn *) logic [$clog2(Columns+1)-1:0] \dut.column_q ;
  (* hierconn *) logic [$clog2(BEATS+1)-1:0] \dut.beat_q ;
  always_comb begin
    if (since) begin
      assert (row_q < Bits'(Rows) && column_q < Bits'(Columns) && beat_q < Bits'(BEATS));
      if (out_valid && !inside) assert (out_data == '0);
      assert (level == 2'(out_valid && inside));
      assert (\dut.beat_q == (!out_valid ? beat_q : beat_last ? '0 : beat_q + 1'b1));
      assert (\dut.column_q == (!out_valid || !beat_last ? column_q : column_last ? '0 : column_q + 1'b1));
      assert (\dut.row_q == (!out_valid || !column_last ? row_q : row_last ? '0 : row_q + 1'b1));
    end
  end

  always_comb cover (since && rst_ni && marked && !out_ready_i);
  always_comb cover (since && rst_ni && take && row_last);
endmodule
