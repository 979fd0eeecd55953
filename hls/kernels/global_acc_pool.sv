// The sum of every channel over all pixels of a frame, PE channels at a time.
//
// Input: PE elements a beat, FOLDS beats a pixel, PIXELS pixels a frame. Output: FOLDS beats of PE sums a frame, which
// leave while the frame's last pixel enters. A memory of FOLDS words holds the running sums.
// Cycles per frame: PIXELS * FOLDS, without a bubble. Latency: 2 from a last-pixel beat to its sums.
// It does not divide by PIXELS: the mean's scale does not change the order of the scores.
module global_acc_pool #(
  parameter int PE = 1,
  parameter int IN_BITS = 1,
  parameter int IN_SIGNED = 0,
  parameter int SUM_BITS = 1,
  parameter int PIXELS = 1,
  parameter int FOLDS = 1,
  parameter int SUMS_BLOCK_WORDS = 0,
  parameter int SUMS_BLOCK_WIDTH = 0,
  parameter int SUMS_LARGE = 0
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic [PE*IN_BITS-1:0] in_data_i,
  input  logic in_valid_i,
  output logic in_ready_o,
  output logic [PE*SUM_BITS-1:0] out_data_o,
  output logic out_valid_o,
  input  logic out_ready_i
);
  localparam int FoldBits = (FOLDS > 1) ? $clog2(FOLDS) : 1;
  localparam int PixelBits = (PIXELS > 1) ? $clog2(PIXELS) : 1;
  localparam bit Bipolar = (IN_BITS == 1) && (IN_SIGNED != 0);

  if (PE < 1 || IN_BITS < 1 || PIXELS < 1 || FOLDS < 1) begin : gen_unmet_sizes_are_positive
    global_acc_pool_requires_that_sizes_are_positive violated ();
  end
  if (SUM_BITS < IN_BITS || (Bipolar && SUM_BITS < 2)) begin : gen_unmet_sum_bits_hold_an_element
    global_acc_pool_requires_that_sum_bits_hold_an_element violated ();
  end

  logic [FoldBits-1:0] fold_q, fold_stage_q;
  logic [PixelBits-1:0] pixel_q;
  logic move, take, fold_last, pixel_first, pixel_last;
  logic valid_q, first_q, last_q;
  logic [PE*IN_BITS-1:0] data_q;
  logic [PE*SUM_BITS-1:0] sum_so_far, sums;

  assign move = !out_valid_o || out_ready_i;
  assign in_ready_o = move;
  assign take = move && in_valid_i;
  assign fold_last = (fold_q == FoldBits'(FOLDS - 1));
  assign pixel_first = (pixel_q == '0);
  assign pixel_last = (pixel_q == PixelBits'(PIXELS - 1));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      fold_q <= '0;
      pixel_q <= '0;
    end else if (take) begin
      fold_q <= fold_last ? '0 : fold_q + 1'b1;
      if (fold_last) pixel_q <= pixel_last ? '0 : pixel_q + 1'b1;
    end
  end

  // First stage: the element beside its channel's sum so far. Second stage: their sum, to the memory and to the output.
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      out_valid_o <= 1'b0;
    end else if (move) begin
      valid_q <= in_valid_i;
      out_valid_o <= valid_q && last_q;
    end
    if (take) begin
      data_q <= in_data_i;
      fold_stage_q <= fold_q;
      first_q <= pixel_first;
      last_q <= pixel_last;
    end
    if (move && valid_q) out_data_o <= sums;
  end

  if (FOLDS > 1) begin : gen_memory
    ram #(
      .WORDS(FOLDS),
      .WIDTH(PE * SUM_BITS),
      .BLOCK_WORDS(SUMS_BLOCK_WORDS),
      .BLOCK_WIDTH(SUMS_BLOCK_WIDTH),
      .LARGE(SUMS_LARGE)
    ) u_sums (
      .clk_i,
      .write_i(move && valid_q),
      .write_address_i(fold_stage_q),
      .data_i(sums),
      .read_i(take),
      .read_address_i(fold_q),
      .data_o(sum_so_far)
    );
  end else begin : gen_register
    // One word only: the output register already holds the running sums.
    assign sum_so_far = out_data_o;
  end

  for (genvar p = 0; p < PE; p++) begin : gen_pe
    logic [SUM_BITS-1:0] element;
    if (Bipolar) begin : gen_bipolar
      assign element = {{(SUM_BITS - 1) {!data_q[p]}}, 1'b1};
    end else begin : gen_integer
      assign element =
        SUM_BITS'($signed({(IN_SIGNED != 0) && data_q[(p+1)*IN_BITS-1], data_q[p*IN_BITS+:IN_BITS]}));
    end
    assign sums[p*SUM_BITS+:SUM_BITS] = element + (first_q ? '0 : sum_so_far[p*SUM_BITS+:SUM_BITS]);
  end
endmodule
