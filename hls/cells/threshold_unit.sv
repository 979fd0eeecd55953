// Counts, for each of PE elements at a time, how many of its channel's THRESHOLDS thresholds it has reached.
//
// data_o[p] = OFFSET + #{t : data_i[p] >= threshold[t]}, modulo 2**OUT_BITS. The unit goes through FOLDS words of
// thresholds, one for each valid input, over and over: word f belongs to elements f*PE .. f*PE+PE-1. If STEP_BITS is 0,
// threshold t of element p lies at (p*THRESHOLDS + t)*THRESHOLD_BITS, and elements and thresholds are both signed or
// both unsigned. Otherwise the thresholds are evenly spaced, and what element p has is a base and above it a step, at
// p*(THRESHOLD_BITS + STEP_BITS), as threshold_search reads them; then THRESHOLDS is 2**OUT_BITS - 1, at least 3.
//
// Latency in clocks of move_i: that of threshold_count, 2 + ceil(log4(THRESHOLDS)), or of threshold_search, OUT_BITS.
// It has no handshake: move_i moves the whole pipeline, and the parent keeps it low while its output is stalled.
module threshold_unit #(
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
  input  logic move_i,
  input  logic valid_i,
  input  logic [PE*IN_BITS-1:0] data_i,
  output logic valid_o,
  output logic [PE*OUT_BITS-1:0] data_o
);
  localparam int Latency = (STEP_BITS > 0) ? OUT_BITS : 2 + ($clog2(THRESHOLDS) + 1) / 2;
  localparam int FoldBits = (FOLDS > 1) ? $clog2(FOLDS) : 1;
  localparam int WordBits = (STEP_BITS > 0) ? THRESHOLD_BITS + STEP_BITS : THRESHOLDS * THRESHOLD_BITS;

  if (PE < 1 || IN_BITS < 1 || OUT_BITS < 1 || FOLDS < 1) begin : gen_unmet_sizes_are_positive
    threshold_unit_requires_that_sizes_are_positive violated ();
  end
  if (THRESHOLDS < 1 || THRESHOLD_BITS < 1) begin : gen_unmet_thresholds_are_positive
    threshold_unit_requires_that_thresholds_are_positive violated ();
  end
  if (STEP_BITS < 0
      || (STEP_BITS > 0 && (OUT_BITS < 2 || THRESHOLDS != (1 << OUT_BITS) - 1))
  ) begin : gen_unmet_steps_reach_every_output
    threshold_unit_requires_that_steps_reach_every_output violated ();
  end

  logic [Latency-1:0] valid_q, stage_en;
  logic fold_last;
  logic [FoldBits-1:0] fold_q, fold_d;
  logic [PE*WordBits-1:0] thresholds_q;

  assign stage_en = {valid_q[Latency-2:0], valid_i} & {Latency{move_i}};
  assign valid_o = valid_q[Latency-1];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else if (move_i) valid_q <= {valid_q[Latency-2:0], valid_i};
  end

  // thresholds_q always holds the word that the next element needs: the next address is known before the data.
  assign fold_last = (fold_q == FoldBits'(FOLDS - 1));
  assign fold_d = (!rst_ni || fold_last) ? '0 : fold_q + 1'b1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || stage_en[0]) fold_q <= fold_d;
  end

  rom #(
    .WORDS(FOLDS),
    .WIDTH(PE * WordBits),
    .BLOCK_WORDS(THRESHOLDS_BLOCK_WORDS),
    .BLOCK_WIDTH(THRESHOLDS_BLOCK_WIDTH),
    .FILE(THRESHOLDS_FILE)
  ) u_thresholds (
    .clk_i, .read_i(!rst_ni || stage_en[0]), .address_i(fold_d), .data_o(thresholds_q)
  );

  for (genvar p = 0; p < PE; p++) begin : gen_pe
    if (STEP_BITS > 0) begin : gen_search
      threshold_search #(
        .IN_BITS(IN_BITS), .IN_SIGNED(IN_SIGNED), .OUT_BITS(OUT_BITS), .OUT_SIGNED((OFFSET != 0) ? 1 : 0),
        .FRACTION_BITS(FRACTION_BITS), .BASE_BITS(THRESHOLD_BITS), .STEP_BITS(STEP_BITS)
      ) u_search (
        .clk_i, .stage_en_i(stage_en), .element_i(data_i[p*IN_BITS+:IN_BITS]),
        .base_i(thresholds_q[p*WordBits+:THRESHOLD_BITS]),
        .step_i(thresholds_q[p*WordBits+THRESHOLD_BITS+:STEP_BITS]),
        .data_o(data_o[p*OUT_BITS+:OUT_BITS])
      );
    end else begin : gen_count
      threshold_count #(
        .IN_BITS(IN_BITS), .IN_SIGNED(IN_SIGNED), .OUT_BITS(OUT_BITS), .OFFSET(OFFSET),
        .THRESHOLDS(THRESHOLDS), .THRESHOLD_BITS(THRESHOLD_BITS)
      ) u_count (
        .clk_i, .stage_en_i(stage_en), .element_i(data_i[p*IN_BITS+:IN_BITS]),
        .thresholds_i(thresholds_q[p*WordBits+:WordBits]), .data_o(data_o[p*OUT_BITS+:OUT_BITS])
      );
    end
  end
endmodule
