// Adds INPUTS streams element by element, each times a constant of its own, exactly: the sum is as wide as it needs to
// be.
//
// Streams: LANES elements a beat of each input, the inputs side by side, input 0 lowest; LANES elements of OUT_BITS out.
// IN_BITS, IN_SIGNED and FACTORS (signed) hold a number for each input, 32 bits each, input 0 lowest; BEAT_BITS are the
// bits of all inputs' beats. An element of one signed bit stands for -1 or +1.
// Cycles per frame: its beats. Latency: 2 cycles: the products, made of shifts and additions; their sum.
// Does not: quantize the sum (the thresholding kernel does), nor buffer an input that is ahead of the others.
module weighted_sum #(
  parameter int LANES = 1,
  parameter int INPUTS = 2,
  parameter logic [32*INPUTS-1:0] IN_BITS = {INPUTS{32'd1}},
  parameter logic [32*INPUTS-1:0] IN_SIGNED = {INPUTS{32'd0}},
  parameter logic [32*INPUTS-1:0] FACTORS = {INPUTS{32'd1}},
  parameter int BEAT_BITS = 2,
  parameter int OUT_BITS = 2
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  input  logic [BEAT_BITS-1:0]      in_data_i,
  input  logic [INPUTS-1:0]         in_valid_i,
  output logic [INPUTS-1:0]         in_ready_o,
  output logic [LANES*OUT_BITS-1:0] out_data_o,
  output logic                      out_valid_o,
  input  logic                      out_ready_i
);
  logic [INPUTS*LANES*OUT_BITS-1:0] products, products_q;
  logic [LANES*OUT_BITS-1:0] sums;
  logic move, take, valid_q;

  assign move = !out_valid_o || out_ready_i;
  assign take = move && (&in_valid_i);
  assign in_ready_o = {INPUTS{take}};

  // The bits of a beat of the inputs before this one.
  function automatic int first_bit(input int port);
    first_bit = 0;
    for (int i = 0; i < port; i++) first_bit += LANES * int'(IN_BITS[32*i+:32]);
  endfunction

  if (LANES < 1 || INPUTS < 1 || OUT_BITS < 1) begin : gen_unmet_sizes_are_positive
    weighted_sum_requires_that_sizes_are_positive violated ();
  end
  if (BEAT_BITS != first_bit(INPUTS)) begin : gen_unmet_beat_bits_are_those_of_all_inputs
    weighted_sum_requires_that_beat_bits_are_those_of_all_inputs violated ();
  end

  // `value` times a constant: a shifted copy for each of its bits, of which the highest is the sign.
  function automatic logic [OUT_BITS-1:0] times(input logic [31:0] factor, input logic [OUT_BITS-1:0] value);
    times = '0;
    for (int i = 0; i < 31; i++) if (factor[i] ^ factor[31]) times += value << i;
    // -n is the complement of n - 1: the bits above are those of n - 1, so one value more makes n.
    if (factor[31]) times = -(times + value);
  endfunction

  for (genvar n = 0; n < INPUTS; n++) begin : gen_input
    localparam int Bits = IN_BITS[32*n+:32];
    localparam bit Signed = IN_SIGNED[32*n];
    localparam int First = first_bit(n);
    for (genvar i = 0; i < LANES; i++) begin : gen_lane
      logic [OUT_BITS-1:0] element;
      if (Bits == 1 && Signed) begin : gen_bipolar
        assign element = {{(OUT_BITS - 1) {!in_data_i[First+i]}}, 1'b1};
      end else begin : gen_integer
        assign element = OUT_BITS'($signed({Signed && in_data_i[First+(i+1)*Bits-1], in_data_i[First+i*Bits+:Bits]}));
      end
      assign products[(n*LANES+i)*OUT_BITS+:OUT_BITS] = times(FACTORS[32*n+:32], element);
    end
  end

  // The products so far, one number for each input: a block that reads what it writes would wake itself up in Icarus.
  for (genvar i = 0; i < LANES; i++) begin : gen_sum
    logic [INPUTS*OUT_BITS-1:0] partial;
    assign partial[0+:OUT_BITS] = products_q[i*OUT_BITS+:OUT_BITS];
    for (genvar n = 1; n < INPUTS; n++) begin : gen_term
      assign partial[n*OUT_BITS+:OUT_BITS] =
        partial[(n-1)*OUT_BITS+:OUT_BITS] + products_q[(n*LANES+i)*OUT_BITS+:OUT_BITS];
    end
    assign sums[i*OUT_BITS+:OUT_BITS] = partial[(INPUTS-1)*OUT_BITS+:OUT_BITS];
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      out_valid_o <= 1'b0;
    end else if (move) begin
      valid_q <= take;
      out_valid_o <= valid_q;
    end
    if (move) begin
      products_q <= products;
      out_data_o <= sums;
    end
  end
endmodule
