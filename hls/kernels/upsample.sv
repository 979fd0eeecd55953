// Repeats every pixel FACTOR_W times and every row FACTOR_H times: nearest-neighbour upsampling.
//
// Streams: BEATS beats of WIDTH bits a pixel, in and out; COLUMNS pixels a row in, COLUMNS*FACTOR_W a row out. A memory
// keeps one row, for what comes again: repeated pixels and repeated rows.
// Cycles per frame: its output beats, without a bubble. Latency: 1 from an input beat to its first output beat.
// Does not: interpolate, nor scale by a fraction.
module upsample #(
  parameter int WIDTH = 1,
  parameter int BEATS = 1,
  parameter int COLUMNS = 1,
  parameter int FACTOR_H = 2,
  parameter int FACTOR_W = 2,
  parameter int ROW_BLOCK_WORDS = 0,
  parameter int ROW_BLOCK_WIDTH = 0,
  parameter int ROW_LARGE = 0
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic [WIDTH-1:0] in_data_i,
  input  logic in_valid_i,
  output logic in_ready_o,
  output logic [WIDTH-1:0] out_data_o,
  output logic out_valid_o,
  input  logic out_ready_i
);
  localparam int Words = COLUMNS * BEATS;
  localparam int AddressBits = (Words > 1) ? $clog2(Words) : 1;
  localparam int BeatBits = (BEATS > 1) ? $clog2(BEATS) : 1;
  localparam int CopyBits = (FACTOR_W > 1) ? $clog2(FACTOR_W) : 1;
  localparam int RowBits = (FACTOR_H > 1) ? $clog2(FACTOR_H) : 1;

  if (WIDTH < 1 || BEATS < 1 || COLUMNS < 1) begin : gen_unmet_sizes_are_positive
    upsample_requires_that_sizes_are_positive violated ();
  end
  if (FACTOR_H < 1 || FACTOR_W < 1 || FACTOR_H * FACTOR_W < 2) begin : gen_unmet_factors_make_more_pixels
    upsample_requires_that_factors_make_more_pixels violated ();
  end

  // Loops of the output, innermost first: beat, copy of the pixel, column, copy of the row.
  logic move, step, fresh, beat_last, copy_last, word_last, row_last, from_row_q;
  logic [BeatBits-1:0] beat_q;
  logic [CopyBits-1:0] copy_q;
  logic [RowBits-1:0] row_q;
  logic [AddressBits-1:0] address_q;
  logic [WIDTH-1:0] fresh_q, kept;

  assign move = !out_valid_o || out_ready_i;
  assign fresh = (copy_q == '0) && (row_q == '0);
  assign in_ready_o = move && fresh;
  assign step = move && (in_valid_i || !fresh);
  assign beat_last = (beat_q == BeatBits'(BEATS - 1));
  assign copy_last = beat_last && (copy_q == CopyBits'(FACTOR_W - 1));
  assign word_last = copy_last && (address_q == AddressBits'(Words - 1));
  assign row_last = (row_q == RowBits'(FACTOR_H - 1));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      beat_q <= '0;
      copy_q <= '0;
      row_q <= '0;
      address_q <= '0;
    end else if (step) begin
      beat_q <= beat_last ? '0 : beat_q + 1'b1;
      if (beat_last) copy_q <= copy_last ? '0 : copy_q + 1'b1;
      // A copy begins with the pixel's first beat again.
      if (word_last) address_q <= '0;
      else if (beat_last && !copy_last) address_q <= address_q - AddressBits'(BEATS - 1);
      else address_q <= address_q + 1'b1;
      if (word_last) row_q <= row_last ? '0 : row_q + 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) out_valid_o <= 1'b0;
    else if (move) out_valid_o <= step;
    if (step) begin
      from_row_q <= !fresh;
      fresh_q <= in_data_i;
    end
  end

  ram #(
    .WORDS(Words),
    .WIDTH(WIDTH),
    .BLOCK_WORDS(ROW_BLOCK_WORDS),
    .BLOCK_WIDTH(ROW_BLOCK_WIDTH),
    .LARGE(ROW_LARGE)
  ) u_row (
    .clk_i,
    .write_i(step && fresh),
    .write_address_i(address_q),
    .data_i(in_data_i),
    .read_i(step && !fresh),
    .read_address_i(address_q),
    .data_o(kept)
  );

  assign out_data_o = from_row_q ? kept : fresh_q;
endmodule
