// How many of its THRESHOLDS thresholds an element has reached: OFFSET + #{t : element >= threshold[t]}, modulo
// 2**OUT_BITS.
//
// Threshold t lies at t*THRESHOLD_BITS; the element and thresholds are both signed or both unsigned, and the thresholds
// need not be in order. Latency: 2 + ceil(log4(THRESHOLDS)) clocks: comparison, count, offset; stage s loads its
// registers when stage_en_i[s] is high. It has no reset and no valid bits of its own.
module threshold_count #(
  parameter int IN_BITS = 1,
  parameter int IN_SIGNED = 0,
  parameter int OUT_BITS = 1,
  parameter int OFFSET = 0,
  parameter int THRESHOLDS = 1,
  parameter int THRESHOLD_BITS = 1
) (
  input  logic clk_i,
  input  logic [1+($clog2(THRESHOLDS)+1)/2:0] stage_en_i,
  input  logic [IN_BITS-1:0] element_i,
  input  logic [THRESHOLDS*THRESHOLD_BITS-1:0] thresholds_i,
  output logic [OUT_BITS-1:0] data_o
);
  localparam int TreeStages = ($clog2(THRESHOLDS) + 1) / 2;

  if (IN_BITS < 1 || OUT_BITS < 1 || THRESHOLDS < 1) begin : gen_unmet_sizes_are_positive
    threshold_count_requires_that_sizes_are_positive violated ();
  end
  if (THRESHOLD_BITS < IN_BITS) begin : gen_unmet_threshold_bits_hold_an_element
    threshold_count_requires_that_threshold_bits_hold_an_element violated ();
  end

  logic [THRESHOLD_BITS-1:0] element;
  logic [THRESHOLDS-1:0] reached_d, reached_q;
  logic [OUT_BITS-1:0] count;

  assign element = THRESHOLD_BITS'($signed({(IN_SIGNED != 0) && element_i[IN_BITS-1], element_i}));

  for (genvar t = 0; t < THRESHOLDS; t++) begin : gen_threshold
    if (IN_SIGNED != 0) begin : gen_signed
      assign reached_d[t] = $signed(element) >= $signed(thresholds_i[t*THRESHOLD_BITS+:THRESHOLD_BITS]);
    end else begin : gen_unsigned
      assign reached_d[t] = element >= thresholds_i[t*THRESHOLD_BITS+:THRESHOLD_BITS];
    end
  end

  always_ff @(posedge clk_i) begin
    if (stage_en_i[0]) reached_q <= reached_d;
  end

  logic [((TreeStages > 0) ? TreeStages : 1)-1:0] tree_en;
  if (TreeStages > 0) begin : gen_en
    assign tree_en = stage_en_i[TreeStages:1];
  end else begin : gen_still
    assign tree_en = 1'b0;
  end

  adder_tree #(
    .COUNT(THRESHOLDS), .IN_BITS(1), .SIGNED(0), .OUT_BITS(OUT_BITS)
  ) u_count (
    .clk_i, .stage_en_i(tree_en), .data_i(reached_q), .sum_o(count)
  );

  always_ff @(posedge clk_i) begin
    if (stage_en_i[TreeStages+1]) data_o <= count + OUT_BITS'(OFFSET);
  end
endmodule
