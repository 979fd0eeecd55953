// Properties of sliding_window: which input beat leaves next is worked out here from the place in frame and window.
//
// The solver marks one beat of any frame (frames count modulo four). Every output beat that is to be that one must hold
// its data, and must have come in.
module sliding_window_properties #(
  parameter int HEIGHT = 3,
  parameter int WIDTH = 3,
  parameter int WORDS = 1,
  parameter int KERNEL_H = 2,
  parameter int KERNEL_W = 2,
  parameter int STRIDE_H = 1,
  parameter int STRIDE_W = 1,
  parameter int DEPTHWISE = 0,
  parameter int BUFFER_WORDS = 6
) (
  input logic clk_i,
  input logic rst_ni,
  input logic in_data_i,
  input logic in_valid_i,
  input logic out_ready_i
);
  localparam int OutW = (WIDTH - KERNEL_W) / STRIDE_W + 1;
  localparam int OutH = (HEIGHT - KERNEL_H) / STRIDE_H + 1;
  localparam int Bits = 3;  // of every coordinate: the map is small

  logic since, in_ready, out_valid, out_data, in_take, out_take;

  reset_first #(
    .ONCE(1)
  ) u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  sliding_window #(
    .PE(1), .BITS(1), .HEIGHT(HEIGHT), .WIDTH(WIDTH), .WORDS(WORDS), .KERNEL_H(KERNEL_H), .KERNEL_W(KERNEL_W),
    .STRIDE_H(STRIDE_H), .STRIDE_W(STRIDE_W), .DEPTHWISE(DEPTHWISE), .BUFFER_WORDS(BUFFER_WORDS)
  ) dut (
    .clk_i, .rst_ni, .in_data_i, .in_valid_i, .in_ready_o(in_ready), .out_data_o(out_data), .out_valid_o(out_valid),
    .out_ready_i
  );

  stream_rules #(
    .WIDTH(1)
  ) u_out (
    .clk_i, .rst_ni, .data_i(out_data), .valid_i(out_valid), .ready_i(out_ready_i)
  );

  assign in_take = in_valid_i && in_ready;
  assign out_take = out_valid && out_ready_i;

  keeps_going #(
    .CLOCKS(2)
  ) u_going (
    .clk_i, .rst_ni, .offered_i(in_valid_i && out_ready_i), .moves_i(in_take || out_take)
  );

  // What comes in.
  (* anyconst *) logic [1:0] mark_frame;
  (* anyconst *) logic [3*Bits-1:0] mark;  // row, column, word
  logic [1:0] in_frame_q;
  logic [Bits-1:0] in_row_q, in_column_q, in_word_q;
  logic [3*Bits-1:0] coming;
  logic marked_q, in_word_last, in_column_last, in_last;
  assign coming = {in_row_q, in_column_q, in_word_q};
  assign in_word_last = in_word_q == Bits'(WORDS - 1);
  assign in_column_last = in_word_last && in_column_q == Bits'(WIDTH - 1);
  assign in_last = in_column_last && in_row_q == Bits'(HEIGHT - 1);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      in_word_q <= '0;
      in_column_q <= '0;
      in_row_q <= '0;
      in_frame_q <= '0;
    end else if (in_take) begin
      in_word_q <= in_word_last ? '0 : in_word_q + 1'b1;
      if (in_word_last) in_column_q <= in_column_last ? '0 : in_column_q + 1'b1;
      if (in_column_last) in_row_q <= in_last ? '0 : in_row_q + 1'b1;
      if (in_last) in_frame_q <= in_frame_q + 1'b1;
    end
    if (in_take && coming == mark && in_frame_q == mark_frame) marked_q <= in_data_i;
  end

  // What goes out: the place within the window, and the window's place in the frame.
  logic [1:0] out_frame_q;
  logic [Bits-1:0] kernel_row_q, kernel_column_q, word_q, row_q, column_q;
  logic word_last, kernel_column_last, kernel_row_last, word_moves, kernel_column_moves, kernel_row_moves;
  logic window_last, column_last, row_last;
  assign word_last = word_q == Bits'(WORDS - 1);
  assign kernel_column_last = kernel_column_q == Bits'(KERNEL_W - 1);
  assign kernel_row_last = kernel_row_q == Bits'(KERNEL_H - 1);
  assign word_moves = DEPTHWISE == 0 || (kernel_column_last && kernel_row_last);
  assign kernel_column_moves = DEPTHWISE != 0 || word_last;
  assign kernel_row_moves = kernel_column_moves && kernel_column_last;
  assign window_last = word_last && kernel_column_last && kernel_row_last;
  assign column_last = window_last && column_q == Bits'(OutW - 1);
  assign row_last = column_last && row_q == Bits'(OutH - 1);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      word_q <= '0;
      kernel_column_q <= '0;
      kernel_row_q <= '0;
      column_q <= '0;
      row_q <= '0;
      out_frame_q <= '0;
    end else if (out_take) begin
      if (word_moves) word_q <= word_last ? '0 : word_q + 1'b1;
      if (kernel_column_moves) kernel_column_q <= kernel_column_last ? '0 : kernel_column_q + 1'b1;
      if (kernel_row_moves) kernel_row_q <= kernel_row_last ? '0 : kernel_row_q + 1'b1;
      if (window_last) column_q <= column_last ? '0 : column_q + 1'b1;
      if (column_last) row_q <= row_last ? '0 : row_q + 1'b1;
      if (row_last) out_frame_q <= out_frame_q + 1'b1;
    end
  end

  // The input beat that is to leave.
  logic [Bits-1:0] wanted_row, wanted_column;
  logic [3*Bits-1:0] wanted;
  assign wanted_row = Bits'(row_q * STRIDE_H + kernel_row_q);
  assign wanted_column = Bits'(column_q * STRIDE_W + kernel_column_q);
  assign wanted = {wanted_row, wanted_column, word_q};

  (* hierconn *) logic [$clog2(BUFFER_WORDS)-1:0] \dut.write_address_q ;
  (* hierconn *) logic [$clog2(BUFFER_WORDS)-1:0] \dut.read_address_q ;
  (* hierconn *) logic signed [$clog2(BUFFER_WORDS+HEIGHT*WIDTH*WORDS+1)+1:0] \dut.kept_q ;
  always_comb begin
    if (since) begin
      assert (32'(\dut.write_address_q ) < BUFFER_WORDS);
      assert (32'(\dut.read_address_q ) < BUFFER_WORDS);
      assert (\dut.kept_q <= $signed(BUFFER_WORDS));
      if (out_valid) begin
        assert (in_frame_q == out_frame_q ? wanted < coming : in_frame_q == out_frame_q + 2'd1);
        if (out_frame_q == mark_frame && wanted == mark) assert (out_data == marked_q);
      end
    end
  end

  always_comb cover (since && rst_ni && out_take && out_frame_q == 1);
endmodule
