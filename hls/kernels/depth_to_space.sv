// Makes the channels of every pixel a block of smaller pixels: pixel shuffle.
//
// Streams: PE elements a beat. A pixel in is FACTOR_H pieces of WORDS beats each, one for every row of its block; of each
// row of WIDTH pixels in leave FACTOR_H rows, the first with the first piece of every pixel, and so on. So it is a window
// over the pieces: as wide as the row, FACTOR_H pieces between neighbours, moving by one piece.
// A ring buffer of BUFFER_WORDS beats keeps what later rows need, as in sliding_window.
// Cycles per frame: its beats, if BUFFER_WORDS is at least what hwcodesign/kinds/sliding_window.py works out. Latency: 2
// from a beat in to the same beat out.
// Does not: reorder the channels within a pixel; the gather kernel does.
module depth_to_space #(
  parameter int PE = 1,
  parameter int BITS = 1,
  parameter int HEIGHT = 1,
  parameter int WIDTH = 1,
  parameter int FACTOR_H = 1,
  parameter int WORDS = 1,
  parameter int BUFFER_WORDS = 1,
  parameter int BUFFER_BLOCK_WORDS = 0,
  parameter int BUFFER_BLOCK_WIDTH = 0,
  parameter int BUFFER_LARGE = 0
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic [PE*BITS-1:0] in_data_i,
  input  logic in_valid_i,
  output logic in_ready_o,
  output logic [PE*BITS-1:0] out_data_o,
  output logic out_valid_o,
  input  logic out_ready_i
);
  logic take;

  if (FACTOR_H < 1) begin : gen_unmet_factor_is_positive
    depth_to_space_requires_that_factor_is_positive violated ();
  end

  assign take = in_valid_i && in_ready_o;

  sliding_window #(
    .PE(PE),
    .BITS(BITS),
    .HEIGHT(HEIGHT),
    .WIDTH(WIDTH * FACTOR_H),
    .WORDS(WORDS),
    .KERNEL_W(FACTOR_H > 1 ? WIDTH : 1),
    .DILATION_W(FACTOR_H),
    .BUFFER_WORDS(BUFFER_WORDS),
    .BUFFER_BLOCK_WORDS(BUFFER_BLOCK_WORDS),
    .BUFFER_BLOCK_WIDTH(BUFFER_BLOCK_WIDTH),
    .BUFFER_LARGE(BUFFER_LARGE)
  ) u_pieces (
    .clk_i, .rst_ni, .in_data_i, .in_valid_i, .in_ready_o, .out_data_o, .out_valid_o, .out_ready_i
  );
endmodule
