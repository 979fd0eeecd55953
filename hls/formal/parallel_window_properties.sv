// Properties of parallel_window: which pixels make the window that leaves next is worked out here from its place.
//
// The solver marks one pixel of any frame (frames count modulo four) and one place in the window.
module parallel_window_properties #(
  parameter int HEIGHT = 3,
  parameter int WIDTH = 3,
  parameter int KERNEL_H = 2,
  parameter int KERNEL_W = 2,
  parameter int STRIDE_H = 1,
  parameter int STRIDE_W = 1
) (
  input logic clk_i,
  input logic rst_ni,
  input logic in_data_i,
  input logic in_valid_i,
  input logic out_ready_i
);
  localparam int OutW = (WIDTH - KERNEL_W) / STRIDE_W + 1;
  localparam int OutH = (HEIGHT - KERNEL_H) / STRIDE_H + 1;
  localparam int Window = KERNEL_H * KERNEL_W;
  localparam int Bits = 3;  // of every coordinate: the feature map is small

  logic since, in_ready, out_valid, in_take, out_take;
  logic [Window-1:0] out_data;

  reset_first #(
    .ONCE(1)
  ) u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  parallel_window #(
    .PIXEL(1), .HEIGHT(HEIGHT), .WIDTH(WIDTH), .KERNEL_H(KERNEL_H), .KERNEL_W(KERNEL_W), .STRIDE_H(STRIDE_H),
    .STRIDE_W(STRIDE_W)
  ) dut (
    .clk_i, .rst_ni, .in_data_i, .in_valid_i, .in_ready_o(in_ready), .out_data_o(out_data), .out_valid_o(out_valid),
    .out_ready_i
  );

  stream_rules #(
    .WIDTH(Window)
  ) u_out (
    .clk_i, .rst_ni, .data_i(out_data), .valid_i(out_valid), .ready_i(out_ready_i)
  );

  assign in_take = in_valid_i && in_ready;
  assign out_take = out_valid && out_ready_i;

  keeps_going #(
    .CLOCKS(1)
  ) u_going (
    .clk_i, .rst_ni, .offered_i(in_valid_i && out_ready_i), .moves_i(in_take)
  );

  // What comes in.
  (* anyconst *) logic [1:0] mark_frame;
  (* anyconst *) logic [2*Bits-1:0] mark;  // row, column
  logic [1:0] in_frame_q;
  logic [Bits-1:0] in_row_q, in_column_q;
  logic [2*Bits-1:0] coming;
  logic marked_q, in_column_last, in_last;
  assign coming = {in_row_q, in_column_q};
  assign in_column_last = in_column_q == Bits'(WIDTH - 1);
  assign in_last = in_column_last && in_row_q == Bits'(HEIGHT - 1);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      in_column_q <= '0;
      in_row_q <= '0;
      in_frame_q <= '0;
    end else if (in_take) begin
      in_column_q <= in_column_last ? '0 : in_column_q + 1'b1;
      if (in_column_last) in_row_q <= in_last ? '0 : in_row_q + 1'b1;
      if (in_last) in_frame_q <= in_frame_q + 1'b1;
    end
    if (in_take && coming == mark && in_frame_q == mark_frame) marked_q <= in_data_i;
  end

  // The window that leaves next.
  logic [1:0] out_frame_q;
  logic [Bits-1:0] row_q, column_q;
  logic column_last, row_last;
  assign column_last = column_q == Bits'(OutW - 1);
  assign row_last = column_last && row_q == Bits'(OutH - 1);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      column_q <= '0;
      row_q <= '0;
      out_frame_q <= '0;
    end else if (out_take) begin
      column_q <= column_last ? '0 : column_q + 1'b1;
      if (column_last) row_q <= row_last ? '0 : row_q + 1'b1;
      if (row_last) out_frame_q <= out_frame_q + 1'b1;
    end
  end

  // Its last pixel, and the one at the marked place.
  (* anyconst *) logic [Bits-1:0] kernel_row, kernel_column;
  logic [Bits-1:0] last_row, last_column, wanted_row, wanted_column;
  logic [2*Bits-1:0] last, wanted;
  assign last_row = Bits'(row_q * STRIDE_H + KERNEL_H - 1);
  assign last_column = Bits'(column_q * STRIDE_W + KERNEL_W - 1);
  assign wanted_row = Bits'(row_q * STRIDE_H + kernel_row);
  assign wanted_column = Bits'(column_q * STRIDE_W + kernel_column);
  assign last = {last_row, last_column};
  assign wanted = {wanted_row, wanted_column};

  // Pixels that have come in behind the last one of the window that leaves next, that one included; below 0 if it is
  // still to come. Frames are counted modulo four, and are never two apart.
  localparam logic signed [7:0] Frame = 8'(HEIGHT * WIDTH);
  logic [1:0] apart;
  logic signed [7:0] frames, late;
  assign apart = in_frame_q - out_frame_q;
  assign frames = apart == 2'd0 ? 8'sd0 : apart == 2'd1 ? Frame : -Frame;
  assign late = frames + $signed(8'(in_row_q) * 8'(WIDTH) + 8'(in_column_q))
              - $signed(8'(last_row) * 8'(WIDTH) + 8'(last_column));

  (* hierconn *) logic [$clog2(WIDTH+STRIDE_W)-1:0] \dut.column_q ;
  (* hierconn *) logic [$clog2(HEIGHT+STRIDE_H)-1:0] \dut.row_q ;
  for (genvar y = 0; y < KERNEL_H; y++) begin : gen_row
    for (genvar x = 0; x < KERNEL_W; x++) begin : gen_column
      always_comb begin
        if (since && out_valid && kernel_row == y && kernel_column == x) begin
          if (out_frame_q == mark_frame && wanted == mark) assert (out_data[y*KERNEL_W+x] == marked_q);
        end
      end
    end
  end
  always_comb begin
    if (since) begin
      assert (Bits'(\dut.column_q ) == in_column_q);
      assert (Bits'(\dut.row_q ) == in_row_q);
      assert (late <= 8'sd2);  // no window is lost: the next one leaves within two pixels behind its last
      if (out_valid) assert (in_frame_q == out_frame_q ? last < coming : in_frame_q == out_frame_q + 2'd1);
    end
  end

  always_comb cover (since && rst_ni && out_take && out_frame_q == 1);
endmodule
