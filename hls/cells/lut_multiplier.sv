// The product of two integers, made of LUTs.
//
// CUT_BITS of one operand are cut into digits of two bits. A digit times the other operand is a table, of six inputs if
// that has up to four bits: a LUT a bit. The tables are added. No register. Other tools than Yosys are given a product,
// and told that it shall be of LUTs.
module lut_multiplier #(
  parameter int CUT_BITS = 1,
  parameter int CUT_SIGNED = 0,
  parameter int BITS = 1,
  parameter int SIGNED = 0
) (
  input  logic [CUT_BITS-1:0] cut_i,
  input  logic [BITS-1:0] data_i,
  output logic [CUT_BITS+BITS-1:0] product_o
);
  localparam int ProductBits = CUT_BITS + BITS;

  if (CUT_BITS < 1 || BITS < 1) begin : gen_unmet_sizes_are_positive
    lut_multiplier_requires_that_sizes_are_positive violated ();
  end

`ifdef YOSYS
  if (CUT_BITS <= 2) begin : gen_digit
    localparam bit Negative = (CUT_BITS == 1) && (CUT_SIGNED != 0);  // a sign alone
    // Row 0 plus twice row 1, or less it where the digit is signed, bit by bit, so that it becomes a table.
    function automatic logic [ProductBits-1:0] times(input logic [CUT_BITS-1:0] digit, input logic [BITS-1:0] data);
      logic low, high, carry, subtract;
      logic [ProductBits:0] row;  // twice the data
      row = {{CUT_BITS{(SIGNED != 0) && data[BITS-1]}}, data, 1'b0};
      carry = (CUT_SIGNED != 0);
      for (int i = 0; i < ProductBits; i++) begin
        low = digit[0] && row[i+1] && !Negative;
        high = digit[CUT_BITS-1] && (Negative ? row[i+1] : (CUT_BITS == 2) && row[i]);
        subtract = high ^ (CUT_SIGNED != 0);
        times[i] = low ^ subtract ^ carry;
        carry = (low && subtract) || (low && carry) || (subtract && carry);
      end
    endfunction
    assign product_o = times(cut_i, data_i);
  end else begin : gen_digits
    localparam int RestBits = CUT_BITS - 2;
    logic [BITS+1:0] low;
    logic [ProductBits-3:0] rest;
    lut_multiplier #(
      .CUT_BITS(2), .CUT_SIGNED(0), .BITS(BITS), .SIGNED(SIGNED)
    ) u_low (
      .cut_i(cut_i[1:0]), .data_i, .product_o(low)
    );
    lut_multiplier #(
      .CUT_BITS(RestBits), .CUT_SIGNED(CUT_SIGNED), .BITS(BITS), .SIGNED(SIGNED)
    ) u_rest (
      .cut_i(cut_i[CUT_BITS-1:2]), .data_i, .product_o(rest)
    );
    assign product_o[1:0] = low[1:0];
    assign product_o[ProductBits-1:2] = rest + (ProductBits-2)'($signed({(SIGNED != 0) && low[BITS+1], low[BITS+1:2]}));
  end
`else
  (* use_dsp = "no" *) logic [ProductBits-1:0] product;
  assign product = ProductBits'($signed({(CUT_SIGNED != 0) && cut_i[CUT_BITS-1], cut_i}))
                 * ProductBits'($signed({(SIGNED != 0) && data_i[BITS-1], data_i}));
  assign product_o = product;
`endif
endmodule
