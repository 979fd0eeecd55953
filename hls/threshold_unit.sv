// Counts, for each of PE elements at a time, how many of its channel's THRESHOLDS thresholds it has reached.
//
// data_o[p] = OFFSET + #{t : data_i[p] >= threshold[p][t]}, modulo 2**OUT_BITS. The unit goes through FOLDS words of
// thresholds, one for each valid input, over and over: word f belongs to elements f*PE .. f*PE+PE-1; threshold t of
// element p lies at (p*THRESHOLDS + t)*THRESHOLD_BITS. Elements and thresholds are both signed or both unsigned.
//
// Latency: 2 + ceil(log4(THRESHOLDS)) clocks of en_i: comparison, count, offset. It has no handshake: en_i moves the
// whole pipeline, and the parent keeps it low while its output is stalled.
module threshold_unit #(
  parameter int PE = 1,
  parameter int IN_BITS = 1,
  parameter int IN_SIGNED = 0,
  parameter int OUT_BITS = 1,
  parameter int OFFSET = 0,
  parameter int FOLDS = 1,
  parameter int THRESHOLDS = 1,
  parameter int THRESHOLD_BITS = 1,
  parameter int THRESHOLDS_BLOCK_WORDS = 0,
  parameter int THRESHOLDS_BLOCK_WIDTH = 0,
  parameter THRESHOLDS_FILE = ""
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic en_i,
  input  logic valid_i,
  input  logic [PE*IN_BITS-1:0] data_i,
  output logic valid_o,
  output logic [PE*OUT_BITS-1:0] data_o
);
  localparam int TreeStages = ($clog2(THRESHOLDS) + 1) / 2;
  localparam int Latency = 2 + TreeStages;
  localparam int FoldBits = (FOLDS > 1) ? $clog2(FOLDS) : 1;
  localparam int WordBits = THRESHOLDS * THRESHOLD_BITS;

  logic [Latency-1:0] valid_q;
  logic take, fold_last;
  logic [FoldBits-1:0] fold_q, fold_d;
  logic [PE*WordBits-1:0] thresholds_q;

  assign take = en_i && valid_i;
  assign valid_o = valid_q[Latency-1];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else if (en_i) valid_q <= {valid_q[Latency-2:0], valid_i};
  end

  // thresholds_q always holds the word that the next element needs: the next address is known before the data.
  assign fold_last = (fold_q == FoldBits'(FOLDS - 1));
  assign fold_d = (!rst_ni || fold_last) ? '0 : fold_q + 1'b1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || take) fold_q <= fold_d;
  end

  rom #(
    .WORDS(FOLDS),
    .WIDTH(PE * WordBits),
    .BLOCK_WORDS(THRESHOLDS_BLOCK_WORDS),
    .BLOCK_WIDTH(THRESHOLDS_BLOCK_WIDTH),
    .FILE(THRESHOLDS_FILE)
  ) u_thresholds (
    .clk_i, .read_i(!rst_ni || take), .address_i(fold_d), .data_o(thresholds_q)
  );

  for (genvar p = 0; p < PE; p++) begin : gen_pe
    logic [THRESHOLD_BITS-1:0] element;
    logic [THRESHOLDS-1:0] reached_d, reached_q;
    logic [OUT_BITS-1:0] count;

    assign element =
      THRESHOLD_BITS'($signed({(IN_SIGNED != 0) && data_i[(p+1)*IN_BITS-1], data_i[p*IN_BITS+:IN_BITS]}));

    for (genvar t = 0; t < THRESHOLDS; t++) begin : gen_threshold
      if (IN_SIGNED != 0) begin : gen_signed
        assign reached_d[t] =
          $signed(element) >= $signed(thresholds_q[p*WordBits+t*THRESHOLD_BITS+:THRESHOLD_BITS]);
      end else begin : gen_unsigned
        assign reached_d[t] = element >= thresholds_q[p*WordBits+t*THRESHOLD_BITS+:THRESHOLD_BITS];
      end
    end

    always_ff @(posedge clk_i) begin
      if (take) reached_q <= reached_d;
    end

    logic [((TreeStages > 0) ? TreeStages : 1)-1:0] move;
    if (TreeStages > 0) begin : gen_move
      assign move = valid_q[TreeStages-1:0] & {TreeStages{en_i}};
    end else begin : gen_still
      assign move = 1'b0;
    end

    adder_tree #(
      .COUNT(THRESHOLDS), .IN_BITS(1), .SIGNED(0), .OUT_BITS(OUT_BITS)
    ) u_count (
      .clk_i, .move_i(move), .data_i(reached_q), .sum_o(count)
    );

    always_ff @(posedge clk_i) begin
      if (en_i && valid_q[Latency-2]) data_o[p*OUT_BITS+:OUT_BITS] <= count + OUT_BITS'(OFFSET);
    end
  end
endmodule
