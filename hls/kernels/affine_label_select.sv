// As label_select, for scores whose scale or bias differs from class to class: the keys score * factor + offset, with a
// factor and an offset for each class, decide which are the highest. What leaves are the scores themselves.
//
// Input: one score a beat, CHANNELS beats a frame. Output: one element of OUT_BITS (signed) a beat: CHANNELS scores,
// then TOP class indices. Of equal keys the lower index comes first. Needs 1 <= TOP <= CHANNELS.
// A ROM holds {offset, factor} of every class, both signed; every key fits KEY_BITS.
// Cycles per frame: CHANNELS + TOP, without a bubble; the input waits while the indices leave. Latency: 4.
// It does not compute the real scores or probabilities.
module affine_label_select #(
  parameter int CHANNELS = 2,
  parameter int TOP = 1,
  parameter int IN_BITS = 2,
  parameter int IN_SIGNED = 1,
  parameter int OUT_BITS = 2,
  parameter int FACTOR_BITS = 2,
  parameter int OFFSET_BITS = 1,
  parameter int KEY_BITS = 4,
  parameter int CLASSES_BLOCK_WORDS = 0,
  parameter int CLASSES_BLOCK_WIDTH = 0,
  parameter CLASSES_FILE = ""
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
  localparam int AddressBits = (CHANNELS > 1) ? $clog2(CHANNELS) : 1;
  localparam int ProductBits = FACTOR_BITS + OUT_BITS;
  localparam int WideBits = ((ProductBits > OFFSET_BITS) ? ProductBits : OFFSET_BITS) + KEY_BITS;
  localparam bit Bipolar = (IN_BITS == 1) && (IN_SIGNED != 0);

  if (IN_BITS < 1 || FACTOR_BITS < 1 || OFFSET_BITS < 1 || KEY_BITS < 1) begin : gen_unmet_bits_are_positive
    affine_label_select_requires_that_bits_are_positive violated ();
  end
  if (TOP < 1 || TOP > CHANNELS) begin : gen_unmet_top_is_one_to_channels
    affine_label_select_requires_that_top_is_one_to_channels violated ();
  end
  if (OUT_BITS < $clog2(CHANNELS) + 1) begin : gen_unmet_out_bits_hold_an_index
    affine_label_select_requires_that_out_bits_hold_an_index violated ();
  end
  if (OUT_BITS < IN_BITS + ((IN_SIGNED != 0 && !Bipolar) ? 0 : 1)) begin : gen_unmet_out_bits_hold_a_score
    affine_label_select_requires_that_out_bits_hold_a_score violated ();
  end

  // What enters the pipeline: a score, or after the last one, TOP times the request for an index.
  logic [CountBits-1:0] count_q;
  logic move, scoring, step;
  logic [OUT_BITS-1:0] score;

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
    if (!rst_ni) count_q <= '0;
    else if (step) count_q <= (count_q == CountBits'(CHANNELS + TOP - 1)) ? '0 : count_q + 1'b1;
  end

  // Stage 1: the class's factor and offset. Stage 2: the product. Stage 3: the key.
  logic [2:0] valid_q;
  logic [CountBits-1:0] count_1_q, count_2_q, count_3_q;
  logic [OUT_BITS-1:0] score_1_q, score_2_q, score_3_q;
  logic [FACTOR_BITS-1:0] factor;
  logic [OFFSET_BITS-1:0] offset, offset_q;
  logic [ProductBits-1:0] product, product_q;
  logic [KEY_BITS-1:0] key_q;
  logic [WideBits-1:0] wide_product, wide_offset;

  rom #(
    .WORDS(CHANNELS),
    .WIDTH(FACTOR_BITS + OFFSET_BITS),
    .BLOCK_WORDS(CLASSES_BLOCK_WORDS),
    .BLOCK_WIDTH(CLASSES_BLOCK_WIDTH),
    .FILE(CLASSES_FILE)
  ) u_classes (
    .clk_i, .read_i(step && scoring), .address_i(AddressBits'(count_q)), .data_o({offset, factor})
  );
  lut_multiplier #(
    .CUT_BITS(OUT_BITS), .CUT_SIGNED(1), .BITS(FACTOR_BITS), .SIGNED(1)
  ) u_product (
    .cut_i(score_1_q), .data_i(factor), .product_o(product)
  );
  assign wide_product = WideBits'($signed(product_q));
  assign wide_offset = WideBits'($signed(offset_q));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else if (move) valid_q <= {valid_q[1:0], step};
    if (move) begin
      count_1_q <= count_q;
      count_2_q <= count_1_q;
      count_3_q <= count_2_q;
      score_1_q <= score;
      score_2_q <= score_1_q;
      score_3_q <= score_2_q;
      product_q <= product;
      offset_q <= offset;
      key_q <= KEY_BITS'(wide_product + wide_offset);
    end
  end

  logic select, takes_key;
  logic [CountBits-1:0] best;

  assign select = move && valid_q[2];
  assign takes_key = (count_3_q < CountBits'(CHANNELS));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) out_valid_o <= 1'b0;
    else if (move) out_valid_o <= valid_q[2];
    if (select) out_data_o <= takes_key ? score_3_q : OUT_BITS'(best);
  end

  ranking #(
    .TOP(TOP), .KEY_BITS(KEY_BITS), .INDEX_BITS(CountBits)
  ) u_ranking (
    .clk_i, .step_i(select), .take_i(takes_key), .key_i(key_q), .index_i(count_3_q), .best_o(best)
  );
endmodule
