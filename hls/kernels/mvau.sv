// A matrix of MH rows and MW columns times a vector, for every pixel; then, if THRESHOLDS > 0, re-quantization.
//
// Streams: SIMD elements a beat in, MW/SIMD beats a pixel; PE elements a beat out, MH/PE beats a pixel. A clock takes
// SIMD inputs to PE rows. A pixel is kept while its output folds are worked through PE at a time and the next one is
// taken without a bubble. Weights: word nf*(MW/SIMD) + sf, row p and column s at (p*SIMD + s)*WEIGHT_BITS. Thresholds:
// see threshold_unit. One signed bit means bipolar, {-1, +1} coded 0 and 1; bipolar times bipolar counts equal bits.
//
// Multipliers are made of LUTs, or, if PACKED > 0, are hardware multipliers that up to PACKED rows of a column share,
// dealt out evenly. Signed weights that share one are taken as w + 2**(WEIGHT_BITS-1), and what that adds, the sum of
// the inputs times 2**(WEIGHT_BITS-1), the same for all rows, is subtracted again. PACKED is for operands that are not
// bipolar.
//
// Cycles per frame: pixels * (MH/PE) * (MW/SIMD). Latency, from a pixel's last beat to its first result:
// 4 + ceil(log4(SIMD)), one more if signed weights share multipliers, and with thresholds that of threshold_unit more.
// Accumulators are taken modulo 2**ACC_BITS: the graph guarantees that they suffice. A stall of the output holds the
// whole pipeline; bubbles are not squeezed out. It does not build windows: the sliding_window in front of it does.
// With LOAD_BITS > 0 the weights are loaded after reset, from a second input of so many bits, which is ready until all
// words are there, in their order; no pixel is taken before. See loaded_memory.sv, also for WEIGHTS_WAY.
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
  parameter int PACKED = 0,
  parameter int INPUT_BLOCK_WORDS = 0,
  parameter int INPUT_BLOCK_WIDTH = 0,
  parameter int INPUT_LARGE = 0,
  parameter int WEIGHTS_BLOCK_WORDS = 0,
  parameter int WEIGHTS_BLOCK_WIDTH = 0,
  parameter WEIGHTS_FILE = "",
  parameter int WEIGHTS_WAY = 1,
  parameter int LOAD_BITS = 0,
  parameter int THRESHOLDS_BLOCK_WORDS = 0,
  parameter int THRESHOLDS_BLOCK_WIDTH = 0,
  parameter THRESHOLDS_FILE = ""
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic [SIMD*IN_BITS+LOAD_BITS-1:0] in_data_i,
  input  logic [(LOAD_BITS>0 ? 1 : 0):0] in_valid_i,
  output logic [(LOAD_BITS>0 ? 1 : 0):0] in_ready_o,
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
  localparam bit NeitherBipolar = !InBipolar && !WeightBipolar;
  localparam bit Shifted = (PACKED > 1) && (WEIGHT_SIGNED != 0);
  localparam int ProductBits =
    BothBipolar ? 1 : InBipolar ? WEIGHT_BITS + 1 : WeightBipolar ? IN_BITS + 1 : IN_BITS + WEIGHT_BITS;
  localparam bit ProductSigned =
    NeitherBipolar ? (IN_SIGNED != 0) || ((WEIGHT_SIGNED != 0) && !Shifted) : !BothBipolar;
  // Of a product in LUTs the wider operand is cut into digits, unless the other is one digit.
  localparam bit CutWeight = (IN_BITS < WEIGHT_BITS) != ((IN_BITS <= 2) || (WEIGHT_BITS <= 2));
  localparam int SumBits = ProductBits + $clog2(SIMD);
  localparam int TreeStages = ($clog2(SIMD) + 1) / 2;
  // Memories, operands, products, adder tree, what SHIFTED weights added.
  localparam int Stages = 3 + TreeStages + (Shifted ? 1 : 0);

  if (SIMD < 1 || MW < 1 || MW % SIMD != 0) begin : gen_unmet_simd_divides_mw
    mvau_requires_that_simd_divides_mw violated ();
  end
  if (PE < 1 || MH < 1 || MH % PE != 0) begin : gen_unmet_pe_divides_mh
    mvau_requires_that_pe_divides_mh violated ();
  end
  if (IN_BITS < 1 || WEIGHT_BITS < 1 || ACC_BITS < 1) begin : gen_unmet_bits_are_positive
    mvau_requires_that_bits_are_positive violated ();
  end
  if (THRESHOLDS <= 0 && OUT_BITS != ACC_BITS) begin : gen_unmet_out_bits_are_acc_bits_without_thresholds
    mvau_requires_that_out_bits_are_acc_bits_without_thresholds violated ();
  end
  if (PACKED < 0 || (PACKED > 0 && !NeitherBipolar)) begin : gen_unmet_packed_operands_are_not_bipolar
    mvau_requires_that_packed_operands_are_not_bipolar violated ();
  end
  if (LOAD_BITS < 0) begin : gen_unmet_load_bits_are_not_negative
    mvau_requires_that_load_bits_are_not_negative violated ();
  end

  // Control: one step a clock, of a beat from the input while the pixel's first rows are worked on, then from the
  // buffer that keeps the pixel.
  logic move, step, loading, stored, fresh, step_last, fold_last, word_last;
  logic [StepBits-1:0] step_q;
  logic [FoldBits-1:0] fold_q;
  logic [WordBits-1:0] word_q;
  logic [Stages-1:0] valid_q;

  assign move = !out_valid_o || out_ready_i;
  assign fresh = (fold_q == '0);
  assign in_ready_o[0] = move && fresh && !loading;
  assign step = move && !loading && (in_valid_i[0] || !fresh);
  assign step_last = (step_q == StepBits'(Steps - 1));
  assign fold_last = (fold_q == FoldBits'(Folds - 1));
  assign word_last = step_last && fold_last;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      step_q <= '0;
      fold_q <= '0;
      word_q <= '0;
    end else if (step || stored) begin
      step_q <= step_last ? '0 : step_q + 1'b1;
      if (step_last) fold_q <= fold_last ? '0 : fold_q + 1'b1;
      word_q <= word_last ? '0 : word_q + 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else if (move) valid_q <= {valid_q[Stages-2:0], step};
  end

  // What the memories give, then the operands: block RAM answers late, so a register of their own stands before the
  // multipliers. Yosys, told to keep them, leaves registers out of the DSPs, which makes them countable.
  logic [SIMD*IN_BITS-1:0] inputs, fresh_q;
  logic [PE*SIMD*WEIGHT_BITS-1:0] weights;
`ifdef YOSYS
  (* keep = (PACKED > 0) *) logic [SIMD*IN_BITS-1:0] inputs_q;
  (* keep = (PACKED > 0) *) logic [PE*SIMD*WEIGHT_BITS-1:0] weights_q;
`else
  logic [SIMD*IN_BITS-1:0] inputs_q;
  logic [PE*SIMD*WEIGHT_BITS-1:0] weights_q;
`endif
  logic [PE*SIMD*ProductBits-1:0] products, products_q;

  always_ff @(posedge clk_i) begin
    if (move && valid_q[0]) begin
      inputs_q <= inputs;
      weights_q <= weights;
    end
  end

  always_ff @(posedge clk_i) begin
    if (step && fresh) fresh_q <= in_data_i[SIMD*IN_BITS-1:0];
  end

  if (Folds > 1 && Steps > 1) begin : gen_buffer
    logic [SIMD*IN_BITS-1:0] kept_q;
    logic from_kept_q, write_q;
    logic [StepBits-1:0] write_step_q;
    // Written a clock late, with an address of its own: as a memory of one port Yosys cannot make all sizes of it.
    always_ff @(posedge clk_i) begin
      write_q <= step && fresh;
      write_step_q <= step_q;
    end
    ram #(
      .WORDS(Steps),
      .WIDTH(SIMD * IN_BITS),
      .BLOCK_WORDS(INPUT_BLOCK_WORDS),
      .BLOCK_WIDTH(INPUT_BLOCK_WIDTH),
      .LARGE(INPUT_LARGE)
    ) u_input (
      .clk_i,
      .write_i(write_q),
      .write_address_i(write_step_q),
      .data_i(fresh_q),
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

  if (LOAD_BITS > 0) begin : gen_loaded
    assign in_ready_o[1] = loading;
    loaded_memory #(
      .WORDS(Steps * Folds), .WIDTH(PE * SIMD * WEIGHT_BITS), .LOAD_BITS(LOAD_BITS), .WAY(WEIGHTS_WAY)
    ) u_weights (
      .clk_i,
      .rst_ni,
      .load_data_i(in_data_i[SIMD*IN_BITS+:LOAD_BITS]),
      .load_valid_i(in_valid_i[1]),
      .loading_o(loading),
      .stored_o(stored),
      .last_i(word_last),
      .read_i(step),
      .address_i(word_q),
      .data_o(weights)
    );
  end else begin : gen_rom
    assign loading = 1'b0;
    assign stored = 1'b0;
    rom #(
      .WORDS(Steps * Folds),
      .WIDTH(PE * SIMD * WEIGHT_BITS),
      .BLOCK_WORDS(WEIGHTS_BLOCK_WORDS),
      .BLOCK_WIDTH(WEIGHTS_BLOCK_WIDTH),
      .FILE(WEIGHTS_FILE)
    ) u_weights (
      .clk_i, .read_i(step), .address_i(word_q), .data_o(weights)
    );
  end

  // The adder tree's stages move with the valid bits of what they hold.
  logic [((TreeStages > 0) ? TreeStages : 1)-1:0] tree_en;
  if (TreeStages > 0) begin : gen_en
    assign tree_en = valid_q[TreeStages+1:2] & {TreeStages{move}};
  end else begin : gen_still
    assign tree_en = 1'b0;
  end

  // Products: element s times row p's weight at (p*SIMD + s)*ProductBits.
  if (PACKED == 1) begin : gen_halves
    // Of a whole product's register Yosys would make part of a DSP, and of the adder behind it. Not of two.
    for (genvar i = 0; i < PE * SIMD; i++) begin : gen_product
      localparam int First = i * ProductBits;
      localparam int Low = ProductBits / 2;
      always_ff @(posedge clk_i) begin
        if (move && valid_q[1]) products_q[First+:Low] <= products[First+:Low];
      end
      always_ff @(posedge clk_i) begin
        if (move && valid_q[1]) products_q[First+Low+:ProductBits-Low] <= products[First+Low+:ProductBits-Low];
      end
    end
  end else begin : gen_together
    always_ff @(posedge clk_i) begin
      if (move && valid_q[1]) products_q <= products;
    end
  end

  if (NeitherBipolar && PACKED > 0) begin : gen_packed
    localparam int Multipliers = (PE + PACKED - 1) / PACKED;  // of every column
    for (genvar m = 0; m < Multipliers; m++) begin : gen_multiplier
      localparam int First = m * PE / Multipliers;
      localparam int Count = (m + 1) * PE / Multipliers - First;
      for (genvar s = 0; s < SIMD; s++) begin : gen_simd
        logic [Count*WEIGHT_BITS-1:0] shared_weights;
        logic [Count*ProductBits-1:0] shared_products;
        packed_multiplier #(
          .COUNT(Count),
          .IN_BITS(IN_BITS),
          .IN_SIGNED(IN_SIGNED),
          .WEIGHT_BITS(WEIGHT_BITS),
          .WEIGHT_SIGNED(WEIGHT_SIGNED),
          .SHIFTED(Shifted ? 1 : 0)
        ) u_multiplier (
          .element_i(inputs_q[s*IN_BITS+:IN_BITS]), .weights_i(shared_weights), .products_o(shared_products)
        );
        for (genvar i = 0; i < Count; i++) begin : gen_row
          assign shared_weights[i*WEIGHT_BITS+:WEIGHT_BITS] = weights_q[((First+i)*SIMD+s)*WEIGHT_BITS+:WEIGHT_BITS];
          assign products[((First+i)*SIMD+s)*ProductBits+:ProductBits] = shared_products[i*ProductBits+:ProductBits];
        end
      end
    end
  end else begin : gen_single
    for (genvar p = 0; p < PE; p++) begin : gen_row
      for (genvar s = 0; s < SIMD; s++) begin : gen_simd
        logic [IN_BITS-1:0] x;
        logic [WEIGHT_BITS-1:0] w;
        logic [ProductBits-1:0] product;
        assign x = inputs_q[s*IN_BITS+:IN_BITS];
        assign w = weights_q[(p*SIMD+s)*WEIGHT_BITS+:WEIGHT_BITS];
        assign products[(p*SIMD+s)*ProductBits+:ProductBits] = product;
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
        end else if (CutWeight) begin : gen_cut_weight
          lut_multiplier #(
            .CUT_BITS(WEIGHT_BITS), .CUT_SIGNED(WEIGHT_SIGNED), .BITS(IN_BITS), .SIGNED(IN_SIGNED)
          ) u_multiplier (
            .cut_i(w), .data_i(x), .product_o(product)
          );
        end else begin : gen_cut_input
          lut_multiplier #(
            .CUT_BITS(IN_BITS), .CUT_SIGNED(IN_SIGNED), .BITS(WEIGHT_BITS), .SIGNED(WEIGHT_SIGNED)
          ) u_multiplier (
            .cut_i(x), .data_i(w), .product_o(product)
          );
        end
      end
    end
  end

  // The sum of the inputs, in step with the adder trees, shifted as the weights are.
  logic [SumBits-1:0] added;
  if (Shifted) begin : gen_shifted
    localparam int InputSumBits = IN_BITS + $clog2(SIMD);
    logic [SIMD*IN_BITS-1:0] delayed_q;
    logic [InputSumBits-1:0] input_sum;
    always_ff @(posedge clk_i) begin
      if (move && valid_q[1]) delayed_q <= inputs_q;
    end
    adder_tree #(
      .COUNT(SIMD), .IN_BITS(IN_BITS), .SIGNED(IN_SIGNED), .OUT_BITS(InputSumBits)
    ) u_inputs (
      .clk_i, .stage_en_i(tree_en), .data_i(delayed_q), .sum_o(input_sum)
    );
    assign added = SumBits'($signed({(IN_SIGNED != 0) && input_sum[InputSumBits-1], input_sum})) << (WEIGHT_BITS - 1);
  end else begin : gen_whole
    assign added = '0;
  end

  logic [PE*ACC_BITS-1:0] terms;

  for (genvar p = 0; p < PE; p++) begin : gen_pe
    logic [SumBits-1:0] sum;
    logic signed [ACC_BITS-1:0] term;

    adder_tree #(
      .COUNT(SIMD), .IN_BITS(ProductBits), .SIGNED(ProductSigned ? 1 : 0), .OUT_BITS(SumBits)
    ) u_sum (
      .clk_i, .stage_en_i(tree_en), .data_i(products_q[p*SIMD*ProductBits+:SIMD*ProductBits]), .sum_o(sum)
    );

    if (BothBipolar) begin : gen_count
      // n equal pairs among SIMD: the sum is n - (SIMD - n).
      assign term = $signed(ACC_BITS'({sum, 1'b0}) - ACC_BITS'(SIMD));
    end else if (Shifted) begin : gen_less
      logic signed [SumBits-1:0] less_q;
      always_ff @(posedge clk_i) begin
        if (move && valid_q[Stages-2]) less_q <= $signed(sum - added);
      end
      assign term = ACC_BITS'(less_q);
    end else begin : gen_sum
      assign term = ACC_BITS'($signed({ProductSigned && sum[SumBits-1], sum}));
    end

    assign terms[p*ACC_BITS+:ACC_BITS] = term;
  end

  accumulator #(
    .ROWS(PE),
    .STEPS(Steps),
    .FOLDS(Folds),
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
