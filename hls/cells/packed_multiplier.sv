// COUNT products of one element and COUNT weights, in one hardware multiplier.
//
// The weights stand side by side in one operand, IN_BITS + WEIGHT_BITS apart, so that no product reaches into the next.
// What a weight below another would borrow from it is avoided: signed weights are taken as w + 2**(WEIGHT_BITS-1) if
// SHIFTED, which must be so for COUNT > 1, and with it the products. If the element is negative, a product borrows one
// from the next, which is given back. Weight i lies at i*WEIGHT_BITS, product i at i*(IN_BITS + WEIGHT_BITS), signed if
// the element is, or the weights are and are not SHIFTED. No register, and no primitive: a product so wide that Yosys
// leaves it to a DSP wherever there is one.
module packed_multiplier #(
  parameter int COUNT = 1,
  parameter int IN_BITS = 1,
  parameter int IN_SIGNED = 0,
  parameter int WEIGHT_BITS = 1,
  parameter int WEIGHT_SIGNED = 1,
  parameter int SHIFTED = 0
) (
  input  logic [IN_BITS-1:0] element_i,
  input  logic [COUNT*WEIGHT_BITS-1:0] weights_i,
  output logic [COUNT*(IN_BITS+WEIGHT_BITS)-1:0] products_o
);
  localparam int Lane = IN_BITS + WEIGHT_BITS;
  localparam int OperandBits = (COUNT - 1) * Lane + WEIGHT_BITS + 1;
  localparam int PackedBits = OperandBits + IN_BITS + 1;

  if (COUNT < 1 || IN_BITS < 1 || WEIGHT_BITS < 1) begin : gen_unmet_sizes_are_positive
    packed_multiplier_requires_that_sizes_are_positive violated ();
  end
  if (COUNT > 1 && WEIGHT_SIGNED != 0 && SHIFTED == 0) begin : gen_unmet_signed_weights_that_share_are_shifted
    packed_multiplier_requires_that_signed_weights_that_share_are_shifted violated ();
  end

  logic signed [IN_BITS:0] element;
  logic signed [OperandBits-1:0] operand;
  (* use_dsp = "yes" *) logic signed [PackedBits-1:0] packed_products;

  assign element = {(IN_SIGNED != 0) && element_i[IN_BITS-1], element_i};
  assign packed_products = PackedBits'(operand) * PackedBits'(element);

  assign operand[OperandBits-1] = (WEIGHT_SIGNED != 0) && (SHIFTED == 0) && weights_i[COUNT*WEIGHT_BITS-1];
  for (genvar i = 0; i < COUNT; i++) begin : gen_product
    if (i > 0) begin : gen_gap
      assign operand[i*Lane-1-:IN_BITS] = '0;
    end
    assign operand[i*Lane+:WEIGHT_BITS] =
      weights_i[i*WEIGHT_BITS+:WEIGHT_BITS] ^ {(SHIFTED != 0), {(WEIGHT_BITS-1){1'b0}}};
    if (i > 0 && IN_SIGNED != 0) begin : gen_borrowed
      assign products_o[i*Lane+:Lane] = packed_products[i*Lane+:Lane] + Lane'(packed_products[i*Lane-1]);
    end else begin : gen_whole
      assign products_o[i*Lane+:Lane] = packed_products[i*Lane+:Lane];
    end
  end
endmodule
