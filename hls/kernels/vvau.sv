// Every channel's window times weights of its own, MULTIPLIER rows of them; then, if THRESHOLDS > 0, re-quantization:
// a depthwise convolution.
//
// Streams: windows of WINDOW elements, for PE channels at a time. A beat is SIMD elements of the windows of PE channels,
// element s of channel c at s*PE + c, and WINDOW/SIMD beats follow one another for each block of PE channels: what a
// depthwise sliding_window of PE lanes sends (SIMD = 1), or one that sends whole windows (PE = CHANNELS). Out:
// PE*MULTIPLIER elements a beat, one beat a block, the rows of a channel side by side. Weights: word
// block*(WINDOW/SIMD) + step, row r of the block (of channel r/MULTIPLIER) and element s at (r*SIMD + s)*WEIGHT_BITS.
// Thresholds: see threshold_unit. One signed bit means bipolar, {-1, +1} coded 0 and 1.
//
// Cycles per frame: pixels * (CHANNELS/PE) * (WINDOW/SIMD). Latency, from a block's last beat to its result:
// 4 + ceil(log4(SIMD)), and with thresholds that of threshold_unit more. Accumulators are taken modulo 2**ACC_BITS: the
// graph guarantees that they suffice. A stall of the output holds the whole pipeline. Multipliers are made of LUTs. It
// does not build windows: the sliding_window in front of it does.
module vvau #(
  parameter int CHANNELS = 1,
  parameter int MULTIPLIER = 1,
  parameter int WINDOW = 1,
  parameter int PE = 1,
  parameter int SIMD = 1,
  parameter int IN_BITS = 1,
  parameter int IN_SIGNED = 0,
  parameter int WEIGHT_BITS = 1,
  parameter int WEIGHT_SIGNED = 1,
  parameter int ACC_BITS = 1,
  parameter int ACC_SIGNED = 1,
  parameter int OUT_BITS = 1,
  parameter int OFFSET = 0,
  parameter int THRESHOLDS = 0,
  parameter int THRESHOLD_BITS = 1,
  parameter int STEP_BITS = 0,
  parameter int FRACTION_BITS = 0,
  parameter int WEIGHTS_BLOCK_WORDS = 0,
  parameter int WEIGHTS_BLOCK_WIDTH = 0,
  parameter WEIGHTS_FILE = "",
  parameter int THRESHOLDS_BLOCK_WORDS = 0,
  parameter int THRESHOLDS_BLOCK_WIDTH = 0,
  parameter THRESHOLDS_FILE = ""
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic [SIMD*PE*IN_BITS-1:0] in_data_i,
  input  logic in_valid_i,
  output logic in_ready_o,
  output logic [PE*MULTIPLIER*OUT_BITS-1:0] out_data_o,
  output logic out_valid_o,
  input  logic out_ready_i
);
  localparam int Steps = WINDOW / SIMD;
  localparam int Blocks = CHANNELS / PE;
  localparam int Rows = PE * MULTIPLIER;
  localparam int WordBits = (Steps * Blocks > 1) ? $clog2(Steps * Blocks) : 1;

  // A bipolar operand is multiplied as a number of two bits, whose products need one bit less than of any such number.
  localparam bit InBipolar = (IN_BITS == 1) && (IN_SIGNED != 0);
  localparam bit WeightBipolar = (WEIGHT_BITS == 1) && (WEIGHT_SIGNED != 0);
  localparam int ElementBits = InBipolar ? 2 : IN_BITS;
  localparam int FactorBits = WeightBipolar ? 2 : WEIGHT_BITS;
  localparam int ProductBits = ElementBits + FactorBits - (InBipolar ? 1 : 0) - (WeightBipolar ? 1 : 0);
  localparam bit ProductSigned = (IN_SIGNED != 0) || (WEIGHT_SIGNED != 0);
  // The wider operand is cut into digits, unless the other is one digit.
  localparam bit CutWeight = (ElementBits < FactorBits) != ((ElementBits <= 2) || (FactorBits <= 2));
  localparam int SumBits = ProductBits + $clog2(SIMD);
  localparam int TreeStages = ($clog2(SIMD) + 1) / 2;
  localparam int Stages = 3 + TreeStages;  // memories, operands, products, adder tree

  if (WINDOW < 1 || SIMD < 1 || WINDOW % SIMD != 0) begin : gen_unmet_simd_divides_window
    vvau_requires_that_simd_divides_window violated ();
  end
  if (CHANNELS < 1 || PE < 1 || CHANNELS % PE != 0) begin : gen_unmet_pe_divides_channels
    vvau_requires_that_pe_divides_channels violated ();
  end
  if (MULTIPLIER < 1 || IN_BITS < 1 || WEIGHT_BITS < 1 || ACC_BITS < 1) begin : gen_unmet_sizes_are_positive
    vvau_requires_that_sizes_are_positive violated ();
  end
  if (THRESHOLDS <= 0 && OUT_BITS != ACC_BITS) begin : gen_unmet_out_bits_are_acc_bits_without_thresholds
    vvau_requires_that_out_bits_are_acc_bits_without_thresholds violated ();
  end

  logic move, take, word_last;
  logic [WordBits-1:0] word_q;
  logic [Stages-1:0] valid_q;

  assign move = !out_valid_o || out_ready_i;
  assign in_ready_o = move;
  assign take = move && in_valid_i;
  assign word_last = (word_q == WordBits'(Steps * Blocks - 1));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      word_q <= '0;
      valid_q <= '0;
    end else if (move) begin
      if (in_valid_i) word_q <= word_last ? '0 : word_q + 1'b1;
      valid_q <= {valid_q[Stages-2:0], in_valid_i};
    end
  end

  // Block RAM answers late, so a register of their own stands before the multipliers.
  logic [SIMD*PE*IN_BITS-1:0] inputs, inputs_q;
  logic [Rows*SIMD*WEIGHT_BITS-1:0] weights, weights_q;
  logic [Rows*SIMD*ProductBits-1:0] products, products_q;

  rom #(
    .WORDS(Steps * Blocks),
    .WIDTH(Rows * SIMD * WEIGHT_BITS),
    .BLOCK_WORDS(WEIGHTS_BLOCK_WORDS),
    .BLOCK_WIDTH(WEIGHTS_BLOCK_WIDTH),
    .FILE(WEIGHTS_FILE)
  ) u_weights (
    .clk_i, .read_i(take), .address_i(word_q), .data_o(weights)
  );

  always_ff @(posedge clk_i) begin
    if (take) inputs <= in_data_i;
    if (move && valid_q[0]) begin
      inputs_q <= inputs;
      weights_q <= weights;
    end
    if (move && valid_q[1]) products_q <= products;
  end

  // The adder tree's stages move with the valid bits of what they hold.
  logic [((TreeStages > 0) ? TreeStages : 1)-1:0] tree_en;
  if (TreeStages > 0) begin : gen_en
    assign tree_en = valid_q[TreeStages+1:2] & {TreeStages{move}};
  end else begin : gen_still
    assign tree_en = 1'b0;
  end

  logic [Rows*ACC_BITS-1:0] terms;

  for (genvar r = 0; r < Rows; r++) begin : gen_row
    logic [SumBits-1:0] sum;

    for (genvar s = 0; s < SIMD; s++) begin : gen_simd
      logic [IN_BITS-1:0] x;
      logic [WEIGHT_BITS-1:0] w;
      logic [ElementBits-1:0] element;
      logic [FactorBits-1:0] factor;
      logic [ElementBits+FactorBits-1:0] product;
      assign x = inputs_q[(s*PE+r/MULTIPLIER)*IN_BITS+:IN_BITS];
      assign w = weights_q[(r*SIMD+s)*WEIGHT_BITS+:WEIGHT_BITS];
      if (InBipolar) begin : gen_signs
        assign element = {!x[0], 1'b1};
      end else begin : gen_integers
        assign element = x;
      end
      if (WeightBipolar) begin : gen_sign
        assign factor = {!w[0], 1'b1};
      end else begin : gen_integer
        assign factor = w;
      end
      if (CutWeight) begin : gen_cut_weight
        lut_multiplier #(
          .CUT_BITS(FactorBits), .CUT_SIGNED(WEIGHT_SIGNED), .BITS(ElementBits), .SIGNED(IN_SIGNED)
        ) u_multiplier (
          .cut_i(factor), .data_i(element), .product_o(product)
        );
      end else begin : gen_cut_input
        lut_multiplier #(
          .CUT_BITS(ElementBits), .CUT_SIGNED(IN_SIGNED), .BITS(FactorBits), .SIGNED(WEIGHT_SIGNED)
        ) u_multiplier (
          .cut_i(element), .data_i(factor), .product_o(product)
        );
      end
      assign products[(r*SIMD+s)*ProductBits+:ProductBits] = product[ProductBits-1:0];
    end

    adder_tree #(
      .COUNT(SIMD), .IN_BITS(ProductBits), .SIGNED(ProductSigned ? 1 : 0), .OUT_BITS(SumBits)
    ) u_sum (
      .clk_i, .stage_en_i(tree_en), .data_i(products_q[r*SIMD*ProductBits+:SIMD*ProductBits]), .sum_o(sum)
    );

    assign terms[r*ACC_BITS+:ACC_BITS] = ACC_BITS'($signed({ProductSigned && sum[SumBits-1], sum}));
  end

  accumulator #(
    .ROWS(Rows),
    .STEPS(Steps),
    .FOLDS(Blocks),
    .ACC_BITS(ACC_BITS),
    .ACC_SIGNED(ACC_SIGNED),
    .OUT_BITS(OUT_BITS),
    .OFFSET(OFFSET),
    .THRESHOLDS(THRESHOLDS),
    .THRESHOLD_BITS(THRESHOLD_BITS),
    .STEP_BITS(STEP_BITS),
    .FRACTION_BITS(FRACTION_BITS),
    .THRESHOLDS_BLOCK_WORDS(THRESHOLDS_BLOCK_WORDS),
    .THRESHOLDS_BLOCK_WIDTH(THRESHOLDS_BLOCK_WIDTH),
    .THRESHOLDS_FILE(THRESHOLDS_FILE)
  ) u_accumulator (
    .clk_i,
    .rst_ni,
    .move_i(move),
    .valid_i(valid_q[Stages-1]),
    .data_i(terms),
    .valid_o(out_valid_o),
    .data_o(out_data_o)
  );
endmodule
