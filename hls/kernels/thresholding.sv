// Re-quantizes a stream: each element becomes OFFSET plus how many of its channel's thresholds it has reached.
//
// Streams: PE elements a beat in and out, FOLDS beats a pixel, channels innermost; element 0 lowest. Thresholds as in
// threshold_unit. A bipolar input goes in as its code (0 or 1) with thresholds to match; a bipolar output is the count.
// Cycles per frame: pixels * FOLDS, without a bubble. Latency: that of threshold_unit.
// A stall of the output holds the whole pipeline; bubbles are not squeezed out. It does not know where a frame ends.
module thresholding #(
  parameter int PE = 1,
  parameter int IN_BITS = 1,
  parameter int IN_SIGNED = 0,
  parameter int OUT_BITS = 1,
  parameter int OFFSET = 0,
  parameter int FOLDS = 1,
  parameter int THRESHOLDS = 1,
  parameter int THRESHOLD_BITS = 1,
  parameter int STEP_BITS = 0,
  parameter int FRACTION_BITS = 0,
  parameter int THRESHOLDS_BLOCK_WORDS = 0,
  parameter int THRESHOLDS_BLOCK_WIDTH = 0,
  parameter THRESHOLDS_FILE = ""
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic [PE*IN_BITS-1:0] in_data_i,
  input  logic in_valid_i,
  output logic in_ready_o,
  output logic [PE*OUT_BITS-1:0] out_data_o,
  output logic out_valid_o,
  input  logic out_ready_i
);
  logic move;

  assign move = !out_valid_o || out_ready_i;
  assign in_ready_o = move;

  threshold_unit #(
    .PE(PE),
    .IN_BITS(IN_BITS),
    .IN_SIGNED(IN_SIGNED),
    .OUT_BITS(OUT_BITS),
    .OFFSET(OFFSET),
    .FOLDS(FOLDS),
    .THRESHOLDS(THRESHOLDS),
    .THRESHOLD_BITS(THRESHOLD_BITS),
    .STEP_BITS(STEP_BITS),
    .FRACTION_BITS(FRACTION_BITS),
    .THRESHOLDS_BLOCK_WORDS(THRESHOLDS_BLOCK_WORDS),
    .THRESHOLDS_BLOCK_WIDTH(THRESHOLDS_BLOCK_WIDTH),
    .THRESHOLDS_FILE(THRESHOLDS_FILE)
  ) u_thresholds (
    .clk_i,
    .rst_ni,
    .move_i(move),
    .valid_i(in_valid_i),
    .data_i(in_data_i),
    .valid_o(out_valid_o),
    .data_o(out_data_o)
  );
endmodule
