// Turns a feature map of few channels into its windows, a whole window a beat: sliding_window for KERNEL_H x KERNEL_W
// times the lanes out of what it takes in.
//
// Streams: in, a pixel of PIXEL bits a beat; out, KERNEL_H x KERNEL_W pixels a beat in the order (kernel row, kernel
// column). Each pixel joins the KERNEL_H - 1 pixels above it, kept in line buffers, to a column; a shift register keeps
// the last KERNEL_W columns. It is the output register: the window is valid when a pixel has completed one.
//
// Cycles per frame: HEIGHT * WIDTH, so windows come unevenly, none while a row without one comes in. Latency: 2 from a
// window's last pixel. A stall of the output holds the pipeline. It does no padding: the padding kernel does.
module parallel_window #(
  parameter int PIXEL = 1,
  parameter int HEIGHT = 1,
  parameter int WIDTH = 2,  // at least 2: a line buffer reads one column while it writes the one before
  parameter int KERNEL_H = 1,
  parameter int KERNEL_W = 1,
  parameter int STRIDE_H = 1,
  parameter int STRIDE_W = 1,
  parameter int BUFFER_BLOCK_WORDS = 0,
  parameter int BUFFER_BLOCK_WIDTH = 0,
  parameter int BUFFER_LARGE = 0
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic [PIXEL-1:0] in_data_i,
  input  logic in_valid_i,
  output logic in_ready_o,
  output logic [KERNEL_H*KERNEL_W*PIXEL-1:0] out_data_o,
  output logic out_valid_o,
  input  logic out_ready_i
);
  localparam int AddressBits = $clog2(WIDTH);
  localparam int ColumnBits = $clog2(WIDTH + STRIDE_W);
  localparam int RowBits = $clog2(HEIGHT + STRIDE_H);

  if (PIXEL < 1 || WIDTH < 2) begin : gen_unmet_sizes_are_large_enough
    parallel_window_requires_that_sizes_are_large_enough violated ();
  end
  if (KERNEL_H < 1 || KERNEL_W < 1 || KERNEL_H > HEIGHT || KERNEL_W > WIDTH) begin : gen_unmet_kernel_lies_in_the_map
    parallel_window_requires_that_kernel_lies_in_the_map violated ();
  end
  if (STRIDE_H < 1 || STRIDE_W < 1) begin : gen_unmet_strides_are_positive
    parallel_window_requires_that_strides_are_positive violated ();
  end

  // The pixel that comes in, and the next one that completes a window.
  logic [ColumnBits-1:0] column_q, next_column_q;
  logic [RowBits-1:0] row_q, next_row_q;
  logic move, take, column_last, row_last, column_completes, row_completes;

  assign move = !out_valid_o || out_ready_i;
  assign in_ready_o = move;
  assign take = move && in_valid_i;
  assign column_last = (column_q == ColumnBits'(WIDTH - 1));
  assign row_last = (row_q == RowBits'(HEIGHT - 1));
  assign column_completes = (column_q == next_column_q);
  assign row_completes = (row_q == next_row_q);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      column_q <= '0;
      next_column_q <= ColumnBits'(KERNEL_W - 1);
    end else if (take) begin
      column_q <= column_last ? '0 : column_q + 1'b1;
      if (column_last) next_column_q <= ColumnBits'(KERNEL_W - 1);
      else if (column_completes) next_column_q <= next_column_q + ColumnBits'(STRIDE_W);
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      row_q <= '0;
      next_row_q <= RowBits'(KERNEL_H - 1);
    end else if (take && column_last) begin
      row_q <= row_last ? '0 : row_q + 1'b1;
      if (row_last) next_row_q <= RowBits'(KERNEL_H - 1);
      else if (row_completes) next_row_q <= next_row_q + RowBits'(STRIDE_H);
    end
  end

  // While the line buffers answer.
  logic waiting_q, completes_q;
  logic [PIXEL-1:0] pixel_q;
  logic [KERNEL_H*PIXEL-1:0] column;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      waiting_q <= 1'b0;
      out_valid_o <= 1'b0;
    end else if (move) begin
      waiting_q <= in_valid_i;
      out_valid_o <= waiting_q && completes_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      pixel_q <= in_data_i;
      completes_q <= column_completes && row_completes;
    end
  end

  if (KERNEL_H > 1) begin : gen_lines
    logic [(KERNEL_H-1)*PIXEL-1:0] above;
    logic [AddressBits-1:0] address_q;
    always_ff @(posedge clk_i) begin
      if (take) address_q <= AddressBits'(column_q);
    end
    ram #(
      .WORDS(WIDTH),
      .WIDTH((KERNEL_H - 1) * PIXEL),
      .BLOCK_WORDS(BUFFER_BLOCK_WORDS),
      .BLOCK_WIDTH(BUFFER_BLOCK_WIDTH),
      .LARGE(BUFFER_LARGE)
    ) u_buffer (
      .clk_i,
      .write_i(move && waiting_q),
      .write_address_i(address_q),
      .data_i(column[KERNEL_H*PIXEL-1:PIXEL]),
      .read_i(take),
      .read_address_i(AddressBits'(column_q)),
      .data_o(above)
    );
    assign column = {pixel_q, above};
  end else begin : gen_line
    assign column = pixel_q;
  end

  for (genvar y = 0; y < KERNEL_H; y++) begin : gen_row
    logic [KERNEL_W*PIXEL-1:0] pixels_q;
    always_ff @(posedge clk_i) begin
      if (move && waiting_q) pixels_q <= (KERNEL_W * PIXEL)'({column[y*PIXEL+:PIXEL], pixels_q} >> PIXEL);
    end
    assign out_data_o[y*KERNEL_W*PIXEL+:KERNEL_W*PIXEL] = pixels_q;
  end
endmodule
