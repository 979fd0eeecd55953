// Passes the scores of all classes on, followed by the TOP classes with the highest scores, best first.
//
// Input: one score a beat, CHANNELS beats a frame. Output: one element of OUT_BITS (signed) a beat: CHANNELS scores,
// then TOP class indices. Of equal scores the lower index comes first. Needs 1 <= TOP <= CHANNELS.
// Cycles per frame: CHANNELS + TOP, without a bubble; the input waits while the indices leave. Latency: 1.
// It does not scale scores or compute probabilities.
module label_select #(
  parameter int CHANNELS = 2,
  parameter int TOP = 1,
  parameter int IN_BITS = 2,
  parameter int IN_SIGNED = 1,
  parameter int OUT_BITS = 2
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic [IN_BITS-1:0] in_data_i,
  input  logic in_valid_i,
  output logic in_ready_o,
  output logic [OUT_BITS-1:0] out_data_o,
  output logic out_valid_o,
  input  logic out_ready_i
);
  localparam int CountBits = $clog2(CHANNELS + TOP);
  localparam bit Bipolar = (IN_BITS == 1) && (IN_SIGNED != 0);

  if (IN_BITS < 1) begin : gen_unmet_in_bits_are_positive
    label_select_requires_that_in_bits_are_positive violated ();
  end
  if (TOP < 1 || TOP > CHANNELS) begin : gen_unmet_top_is_one_to_channels
    label_select_requires_that_top_is_one_to_channels violated ();
  end
  if (OUT_BITS < $clog2(CHANNELS) + 1) begin : gen_unmet_out_bits_hold_an_index
    label_select_requires_that_out_bits_hold_an_index violated ();
  end
  if (OUT_BITS < IN_BITS + ((IN_SIGNED != 0 && !Bipolar) ? 0 : 1)) begin : gen_unmet_out_bits_hold_a_score
    label_select_requires_that_out_bits_hold_a_score violated ();
  end

  logic [CountBits-1:0] count_q;
  logic move, scoring, step;
  logic [OUT_BITS-1:0] score;
  logic [CountBits-1:0] best;

  assign move = !out_valid_o || out_ready_i;
  assign scoring = (count_q < CountBits'(CHANNELS));
  assign in_ready_o = move && scoring;
  assign step = move && (in_valid_i || !scoring);

  if (Bipolar) begin : gen_bipolar
    assign score = {{(OUT_BITS - 1) {!in_data_i[0]}}, 1'b1};
  end else begin : gen_integer
    assign score = OUT_BITS'($signed({(IN_SIGNED != 0) && in_data_i[IN_BITS-1], in_data_i}));
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      count_q <= '0;
      out_valid_o <= 1'b0;
    end else if (move) begin
      out_valid_o <= step;
      if (step) count_q <= (count_q == CountBits'(CHANNELS + TOP - 1)) ? '0 : count_q + 1'b1;
    end
    if (step) out_data_o <= scoring ? score : OUT_BITS'(best);
  end

  ranking #(
    .TOP(TOP), .KEY_BITS(OUT_BITS), .INDEX_BITS(CountBits)
  ) u_ranking (
    .clk_i, .step_i(step), .take_i(scoring), .key_i(score), .index_i(count_q), .best_o(best)
  );
endmodule
