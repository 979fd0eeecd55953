// How many of its 2**OUT_BITS - 1 evenly spaced thresholds an element has reached: a binary search without a table.
//
// The element has reached threshold t, counted from 0, if 2**FRACTION_BITS * element > base + (t - middle) * step, with
// middle = 2**(OUT_BITS-1) - 1. Every stage compares with the threshold in the middle of those that are left, which
// gives one bit of the count, and moves up or down by half as many steps as the stage before. data_o is the count, its
// highest bit inverted if OUT_SIGNED (so that no threshold reached is the lowest value).
//
// Latency: OUT_BITS clocks, one stage each; stage s loads its registers when stage_en_i[s] is high. base_i is signed,
// step_i is not; both belong to element_i. It has no reset and no valid bits of its own. OUT_BITS must be at least 2.
module threshold_search #(
  parameter int IN_BITS = 1,
  parameter int IN_SIGNED = 0,
  parameter int OUT_BITS = 2,
  parameter int OUT_SIGNED = 0,
  parameter int FRACTION_BITS = 0,
  parameter int BASE_BITS = 1,
  parameter int STEP_BITS = 1
) (
  input  logic clk_i,
  input  logic [OUT_BITS-1:0] stage_en_i,
  input  logic [IN_BITS-1:0] element_i,
  input  logic [BASE_BITS-1:0] base_i,
  input  logic [STEP_BITS-1:0] step_i,
  output logic [OUT_BITS-1:0] data_o
);
  // The distance from the element up to the threshold: negative once that is reached. It never grows beyond the larger
  // of the first distance and the longest move.
  localparam int ElementBits = IN_BITS + FRACTION_BITS + ((IN_SIGNED != 0) ? 0 : 1);
  localparam int LongestBits = STEP_BITS + OUT_BITS - 2;
  localparam int FirstBits = (ElementBits > BASE_BITS) ? ElementBits : BASE_BITS;
  localparam int Bits = ((FirstBits > LongestBits) ? FirstBits : LongestBits) + 1;

  if (IN_BITS < 1 || BASE_BITS < 1 || STEP_BITS < 1 || FRACTION_BITS < 0) begin : gen_unmet_sizes_are_positive
    threshold_search_requires_that_sizes_are_positive violated ();
  end
  if (OUT_BITS < 2) begin : gen_unmet_out_bits_are_two_or_more
    threshold_search_requires_that_out_bits_are_two_or_more violated ();
  end

  logic [OUT_BITS*Bits-1:0] distance_q;
  logic [OUT_BITS*STEP_BITS-1:0] step_q;
  logic [OUT_BITS*OUT_BITS-1:0] count_q;  // of stage s, the highest s bits

  for (genvar s = 0; s < OUT_BITS; s++) begin : gen_stage
    logic [Bits-1:0] distance_d;
    logic [STEP_BITS-1:0] step_d;
    logic [OUT_BITS-1:0] count_d;

    if (s == 0) begin : gen_first
      logic [IN_BITS:0] element;
      logic [Bits-1:0] base;
      assign element = {(IN_SIGNED != 0) && element_i[IN_BITS-1], element_i};
      assign base = Bits'($signed(base_i));
      assign distance_d = base - (Bits'($signed(element)) << FRACTION_BITS);
      assign step_d = step_i;
      assign count_d = '0;
    end else begin : gen_next
      localparam int Shift = OUT_BITS - 1 - s;
      localparam int MovedBits = Bits - Shift;
      logic [Bits-1:0] distance;
      logic [MovedBits:0] addend, moved;
      logic below;
      assign distance = distance_q[(s-1)*Bits+:Bits];
      assign below = !distance[Bits-1];
      // Plus or minus the step in one adder: its lowest bit carries the one that a subtraction adds.
      assign addend = {MovedBits'(step_q[(s-1)*STEP_BITS+:STEP_BITS]) ^ {MovedBits{below}}, below};
      assign moved = {distance[Bits-1:Shift], 1'b1} + addend;
      if (Shift > 0) begin : gen_shifted
        assign distance_d = {moved[MovedBits:1], distance[Shift-1:0]};
      end else begin : gen_whole
        assign distance_d = moved[MovedBits:1];
      end
      assign step_d = step_q[(s-1)*STEP_BITS+:STEP_BITS];
      assign count_d = {count_q[(s-1)*OUT_BITS+:OUT_BITS-1], below == ((s == 1) && (OUT_SIGNED != 0))};
    end

    always_ff @(posedge clk_i) begin
      if (stage_en_i[s]) begin
        distance_q[s*Bits+:Bits] <= distance_d;
        step_q[s*STEP_BITS+:STEP_BITS] <= step_d;
        count_q[s*OUT_BITS+:OUT_BITS] <= count_d;
      end
    end
  end

  assign data_o = {count_q[(OUT_BITS-1)*OUT_BITS+:OUT_BITS-1], distance_q[OUT_BITS*Bits-1]};
endmodule
