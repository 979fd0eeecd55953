// Adds up STEPS terms of each of ROWS rows, and counts the thresholds that every result has reached.
//
// data_i holds a signed term of every row, row 0 lowest, and is taken with valid_i and move_i; the first of every STEPS
// begins a new result. With THRESHOLDS above 0, data_o is what threshold_unit makes of the results, which go through
// its FOLDS words; else data_o is the results themselves, and OUT_BITS is ACC_BITS.
//
// Latency in clocks of move_i: one, then that of threshold_unit. It has no handshake: move_i moves the whole pipeline.
module accumulator #(
  parameter int ROWS = 1,
  parameter int STEPS = 1,
  parameter int FOLDS = 1,
  parameter int ACC_BITS = 1,
  parameter int ACC_SIGNED = 1,
  parameter int OUT_BITS = 1,
  parameter int OFFSET = 0,
  parameter int THRESHOLDS = 0,
  parameter int THRESHOLD_BITS = 1,
  parameter int STEP_BITS = 0,
  parameter int FRACTION_BITS = 0,
  parameter int THRESHOLDS_BLOCK_WORDS = 0,
  parameter int THRESHOLDS_BLOCK_WIDTH = 0,
  parameter THRESHOLDS_FILE = ""
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic move_i,
  input  logic valid_i,
  input  logic [ROWS*ACC_BITS-1:0] data_i,
  output logic valid_o,
  output logic [ROWS*OUT_BITS-1:0] data_o
);
  localparam int StepBits = (STEPS > 1) ? $clog2(STEPS) : 1;

  if (ROWS < 1 || STEPS < 1 || ACC_BITS < 1) begin : gen_unmet_sizes_are_positive
    accumulator_requires_that_sizes_are_positive violated ();
  end

  // Which terms open and close a result.
  logic [StepBits-1:0] step_q;
  logic take, first, last, valid_q;
  assign take = move_i && valid_i;
  assign first = (step_q == '0);
  assign last = (step_q == StepBits'(STEPS - 1));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      step_q <= '0;
      valid_q <= 1'b0;
    end else if (move_i) begin
      if (take) step_q <= last ? '0 : step_q + 1'b1;
      valid_q <= take && last;
    end
  end

  logic [ROWS*ACC_BITS-1:0] results;

  for (genvar r = 0; r < ROWS; r++) begin : gen_row
    logic signed [ACC_BITS-1:0] acc_q;
    always_ff @(posedge clk_i) begin
      if (take) acc_q <= (first ? '0 : acc_q) + $signed(data_i[r*ACC_BITS+:ACC_BITS]);
    end
    assign results[r*ACC_BITS+:ACC_BITS] = acc_q;
  end

  if (THRESHOLDS > 0) begin : gen_thresholds
    threshold_unit #(
      .PE(ROWS),
      .IN_BITS(ACC_BITS),
      .IN_SIGNED(ACC_SIGNED),
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
      .move_i,
      .valid_i(valid_q),
      .data_i(results),
      .valid_o,
      .data_o
    );
  end else begin : gen_raw
    assign valid_o = valid_q;
    assign data_o = results;
  end
endmodule
