// A matrix of MH rows and MW columns times a vector, for every pixel; then, if THRESHOLDS > 0, re-quantization.
//
// Streams: SIMD elements a beat in, MW/SIMD beats a pixel; PE elements a beat out, MH/PE beats a pixel. Each clock takes
// SIMD inputs to PE rows. A pixel is kept while its rows are worked off PE at a time and the next one is taken without
// a bubble. Weights: word nf*(MW/SIMD) + sf, row p and column s at (p*SIMD + s)*WEIGHT_BITS. Thresholds: see
// threshold_unit. One signed bit means bipolar, {-1, +1} coded 0 and 1; bipolar times bipolar counts equal bits.
//
// Cycles per frame: pixels * (MH/PE) * (MW/SIMD). Latency, from a pixel's last beat to its first result:
// 4 + ceil(log4(SIMD)), and with thresholds that of threshold_unit more.
// Accumulators are taken modulo 2**ACC_BITS: the graph guarantees that they suffice. A stall of the output holds the
// whole pipeline; bubbles are not squeezed out. It does not build windows: the sliding_window in front of it does.
module mvau #(
  parameter int MW = 1,
  parameter int MH = 1,
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
  parameter int INPUT_BLOCK = 0,
  parameter int WEIGHTS_BLOCK = 1,
  parameter WEIGHTS_FILE = "",
  parameter int THRESHOLDS_BLOCK = 0,
  parameter THRESHOLDS_FILE = ""
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic [SIMD*IN_BITS-1:0] in_data_i,
  input  logic in_valid_i,
  output logic in_ready_o,
  output logic [PE*OUT_BITS-1:0] out_data_o,
  output logic out_valid_o,
  input  logic out_ready_i
);
  localparam int Steps = MW / SIMD;
  localparam int Folds = MH / PE;
  localparam int StepBits = (Steps > 1) ? $clog2(Steps) : 1;
  localparam int FoldBits = (Folds > 1) ? $clog2(Folds) : 1;
  localparam int WordBits = (Steps * Folds > 1) ? $clog2(Steps * Folds) : 1;

  localparam bit InBipolar = (IN_BITS == 1) && (IN_SIGNED != 0);
  localparam bit WeightBipolar = (WEIGHT_BITS == 1) && (WEIGHT_SIGNED != 0);
  localparam bit BothBipolar = InBipolar && WeightBipolar;
  localparam bit NeitherSigned = (IN_SIGNED == 0) && (WEIGHT_SIGNED == 0);
  localparam int ProductBits =
    BothBipolar ? 1 : InBipolar ? WEIGHT_BITS + 1 : WeightBipolar ? IN_BITS + 1
                                                                  : IN_BITS + WEIGHT_BITS + (NeitherSigned ? 1 : 0);
  localparam int SumBits = ProductBits + $clog2(SIMD);
  localparam int TreeStages = ($clog2(SIMD) + 1) / 2;
  localparam int LutOperandBits = 4;  // a product with an operand this short is made of LUTs, not of a multiplier block
  localparam int Stages = 3 + TreeStages;  // memories, operands, products, adder tree

  // Control: one step a clock, of a beat from the input while the pixel's first rows are worked on, then from the
  // buffer that keeps the pixel.
  logic en, step, fresh, step_last, fold_last, word_last;
  logic [StepBits-1:0] step_q;
  logic [FoldBits-1:0] fold_q;
  logic [WordBits-1:0] word_q;
  logic [Stages-1:0] valid_q;

  assign en = !out_valid_o || out_ready_i;
  assign fresh = (fold_q == '0);
  assign in_ready_o = en && fresh;
  assign step = en && (in_valid_i || !fresh);
  assign step_last = (step_q == StepBits'(Steps - 1));
  assign fold_last = (fold_q == FoldBits'(Folds - 1));
  assign word_last = step_last && fold_last;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      step_q <= '0;
      fold_q <= '0;
      word_q <= '0;
    end else if (step) begin
      step_q <= step_last ? '0 : step_q + 1'b1;
      if (step_last) fold_q <= fold_last ? '0 : fold_q + 1'b1;
      word_q <= word_last ? '0 : word_q + 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else if (en) valid_q <= {valid_q[Stages-2:0], step};
  end

  // What the memories give, then the operands: block RAM answers late, so a register of their own stands before the
  // multipliers.
  logic [SIMD*IN_BITS-1:0] inputs, inputs_q, fresh_q;
  logic [PE*SIMD*WEIGHT_BITS-1:0] weights, weights_q;

  always_ff @(posedge clk_i) begin
    if (en && valid_q[0]) begin
      inputs_q <= inputs;
      weights_q <= weights;
    end
  end

  always_ff @(posedge clk_i) begin
    if (step && fresh) fresh_q <= in_data_i;
  end

  if (Folds > 1) begin : gen_buffer
    logic [SIMD*IN_BITS-1:0] kept_q;
    logic from_kept_q;
    ram #(
      .WORDS(Steps), .WIDTH(SIMD * IN_BITS), .BLOCK(INPUT_BLOCK)
    ) u_input (
      .clk_i,
      .write_i(step && fresh),
      .write_address_i(step_q),
      .data_i(in_data_i),
      .read_i(step && !fresh),
      .read_address_i(step_q),
      .data_o(kept_q)
    );
    always_ff @(posedge clk_i) begin
      if (step) from_kept_q <= !fresh;
    end
    assign inputs = from_kept_q ? kept_q : fresh_q;
  end else begin : gen_straight
    assign inputs = fresh_q;
  end

  rom #(
    .WORDS(Steps * Folds), .WIDTH(PE * SIMD * WEIGHT_BITS), .BLOCK(WEIGHTS_BLOCK), .FILE(WEIGHTS_FILE)
  ) u_weights (
    .clk_i, .read_i(step), .address_i(word_q), .data_o(weights)
  );

  // The adder tree's stages move with the valid bits of what they hold.
  logic [((TreeStages > 0) ? TreeStages : 1)-1:0] tree_move;
  if (TreeStages > 0) begin : gen_move
    assign tree_move = valid_q[TreeStages+1:2] & {TreeStages{en}};
  end else begin : gen_still
    assign tree_move = 1'b0;
  end

  // Which sums open and close a result: counted at the end of the adder tree.
  logic [StepBits-1:0] sum_q;
  logic sum_valid, sum_first, sum_last, result_valid_q;
  assign sum_valid = en && valid_q[Stages-1];
  assign sum_first = (sum_q == '0);
  assign sum_last = (sum_q == StepBits'(Steps - 1));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      sum_q <= '0;
      result_valid_q <= 1'b0;
    end else if (en) begin
      if (sum_valid) sum_q <= sum_last ? '0 : sum_q + 1'b1;
      result_valid_q <= sum_valid && sum_last;
    end
  end

`ifdef YOSYS
  // a * b: a for every bit of b, shifted; bits of b from `sign` on repeat its sign and count as one, subtracted.
  function automatic logic [ProductBits-1:0] sum_of_rows(
    input logic [ProductBits-1:0] a, input logic [ProductBits-1:0] b, input int sign
  );
    sum_of_rows = '0;
    for (int i = 0; i < ProductBits; i++) begin
      if (i < sign) sum_of_rows = sum_of_rows + ((a & {ProductBits{b[i]}}) << i);
      if (i == sign) sum_of_rows = sum_of_rows - ((a & {ProductBits{b[i]}}) << i);
    end
  endfunction
`endif

  logic [PE*ACC_BITS-1:0] results;

  for (genvar p = 0; p < PE; p++) begin : gen_pe
    logic [SIMD*ProductBits-1:0] products_d, products_q;
    logic [SumBits-1:0] sum;
    logic signed [ACC_BITS-1:0] term, acc_q;

    for (genvar s = 0; s < SIMD; s++) begin : gen_simd
      logic [IN_BITS-1:0] x;
      logic [WEIGHT_BITS-1:0] w;
      logic [ProductBits-1:0] product;
      assign x = inputs_q[s*IN_BITS+:IN_BITS];
      assign w = weights_q[(p*SIMD+s)*WEIGHT_BITS+:WEIGHT_BITS];
      if (BothBipolar) begin : gen_equal
        assign product = ~(x ^ w);
      end else if (InBipolar) begin : gen_signed_weight
        logic [WEIGHT_BITS:0] wide;
        assign wide = {(WEIGHT_SIGNED != 0) && w[WEIGHT_BITS-1], w};
        assign product = x[0] ? wide : -wide;
      end else if (WeightBipolar) begin : gen_signed_input
        logic [IN_BITS:0] wide;
        assign wide = {(IN_SIGNED != 0) && x[IN_BITS-1], x};
        assign product = w[0] ? wide : -wide;
      end else begin : gen_multiply
        logic signed [IN_BITS:0] x_signed;
        logic signed [WEIGHT_BITS:0] w_signed;
        assign x_signed = {(IN_SIGNED != 0) && x[IN_BITS-1], x};
        assign w_signed = {(WEIGHT_SIGNED != 0) && w[WEIGHT_BITS-1], w};
`ifdef YOSYS  // which takes a multiplier block wherever it can
        if (IN_BITS <= LutOperandBits || WEIGHT_BITS <= LutOperandBits) begin : gen_lut
          assign product = (IN_BITS < WEIGHT_BITS) ? sum_of_rows(ProductBits'(w_signed), ProductBits'(x_signed), IN_BITS)
                                                   : sum_of_rows(ProductBits'(x_signed), ProductBits'(w_signed), WEIGHT_BITS);
        end else begin : gen_dsp
          assign product = ProductBits'(x_signed) * ProductBits'(w_signed);
        end
`else
        assign product = ProductBits'(x_signed) * ProductBits'(w_signed);
`endif
      end
      assign products_d[s*ProductBits+:ProductBits] = product;
    end

    always_ff @(posedge clk_i) begin
      if (en && valid_q[1]) products_q <= products_d;
    end

    adder_tree #(
      .COUNT(SIMD), .IN_BITS(ProductBits), .SIGNED(BothBipolar ? 0 : 1), .OUT_BITS(SumBits)
    ) u_sum (
      .clk_i, .move_i(tree_move), .data_i(products_q), .sum_o(sum)
    );

    if (BothBipolar) begin : gen_count
      // n equal pairs among SIMD: the sum is n - (SIMD - n).
      assign term = $signed(ACC_BITS'({sum, 1'b0}) - ACC_BITS'(SIMD));
    end else begin : gen_sum
      assign term = ACC_BITS'($signed(sum));
    end

    always_ff @(posedge clk_i) begin
      if (sum_valid) acc_q <= (sum_first ? '0 : acc_q) + term;
    end
    assign results[p*ACC_BITS+:ACC_BITS] = acc_q;
  end

  if (THRESHOLDS > 0) begin : gen_thresholds
    threshold_unit #(
      .PE(PE),
      .IN_BITS(ACC_BITS),
      .IN_SIGNED(ACC_SIGNED),
      .OUT_BITS(OUT_BITS),
      .OFFSET(OFFSET),
      .FOLDS(Folds),
      .THRESHOLDS(THRESHOLDS),
      .THRESHOLD_BITS(THRESHOLD_BITS),
      .STEP_BITS(STEP_BITS),
      .FRACTION_BITS(FRACTION_BITS),
      .THRESHOLDS_BLOCK(THRESHOLDS_BLOCK),
      .THRESHOLDS_FILE(THRESHOLDS_FILE)
    ) u_thresholds (
      .clk_i,
      .rst_ni,
      .en_i(en),
      .valid_i(result_valid_q),
      .data_i(results),
      .valid_o(out_valid_o),
      .data_o(out_data_o)
    );
  end else begin : gen_raw
    assign out_valid_o = result_valid_q;
    assign out_data_o = results;
  end
endmodule
