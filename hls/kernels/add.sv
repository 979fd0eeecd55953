// Adds two streams element by element, exactly: the sum is as wide as it needs to be.
//
// Streams: two inputs of LANES elements of IN_BITS side by side, input 0 lowest; one output of LANES x OUT_BITS.
// A bipolar element (IN_BIPOLAR) is a bit that stands for -1 or +1; the sum is then a 3-bit signed number.
// Cycles per frame: its beats. Latency: 1 cycle. The output is a register.
// Does not: quantize the sum (the thresholding kernel does), nor buffer an input that is ahead of the other.
module add #(
  parameter int LANES = 1,
  parameter int IN_BITS = 8,
  parameter int IN_SIGNED = 0,
  parameter int IN_BIPOLAR = 0,
  parameter int OUT_BITS = 9
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  input  logic [2*LANES*IN_BITS-1:0] in_data_i,
  input  logic [1:0]                 in_valid_i,
  output logic [1:0]                 in_ready_o,
  output logic [LANES*OUT_BITS-1:0]  out_data_o,
  output logic                       out_valid_o,
  input  logic                       out_ready_i
);

  if (LANES < 1 || IN_BITS < 1) begin : gen_unmet_sizes_are_positive
    add_requires_that_sizes_are_positive violated ();
  end
  if (IN_BIPOLAR != 0 && IN_BITS != 1) begin : gen_unmet_bipolar_is_one_bit
    add_requires_that_bipolar_is_one_bit violated ();
  end
  if (OUT_BITS != (IN_BIPOLAR != 0 ? 3 : IN_BITS + 1)) begin : gen_unmet_out_bits_hold_the_sum
    add_requires_that_out_bits_hold_the_sum violated ();
  end

  logic [LANES*OUT_BITS-1:0] sum;
  logic                      move, take;

  assign move       = !out_valid_o || out_ready_i;
  assign take       = move && (&in_valid_i);
  assign in_ready_o = {2{take}};

  generate
    for (genvar i = 0; i < LANES; i++) begin : gen_lane
      logic [IN_BITS-1:0] a, b;
      assign a = in_data_i[i*IN_BITS+:IN_BITS];
      assign b = in_data_i[(LANES+i)*IN_BITS+:IN_BITS];
      if (IN_BIPOLAR != 0) begin : gen_bipolar
        // Both 1: 2; one of them: 0; none: -2.
        assign sum[i*OUT_BITS+:OUT_BITS] = {~(a[0] | b[0]), ~(a[0] ^ b[0]), 1'b0};
      end else if (IN_SIGNED != 0) begin : gen_signed
        assign sum[i*OUT_BITS+:OUT_BITS] = {a[IN_BITS-1], a} + {b[IN_BITS-1], b};
      end else begin : gen_unsigned
        assign sum[i*OUT_BITS+:OUT_BITS] = {1'b0, a} + {1'b0, b};
      end
    end
  endgenerate

  always_ff @(posedge clk_i) begin
    if (!rst_ni) out_valid_o <= 1'b0;
    else if (move) out_valid_o <= take;
    if (take) out_data_o <= sum;
  end

endmodule
