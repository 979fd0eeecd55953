// The end of a network whose scores are a feature map: each element of it as a signed number of OUT_BITS.
//
// Streams: one element of IN_BITS a beat in, one of OUT_BITS a beat out, in the order in which they come. A bipolar element
// (one bit, signed) is a bit that stands for -1 or +1.
// Cycles per frame: its elements. Latency: 1. The output is a register.
// Does not: say which score is the highest; label_select does, of one pixel.
module map_output #(
  parameter int IN_BITS = 1,
  parameter int IN_SIGNED = 0,
  parameter int OUT_BITS = 2
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic [IN_BITS-1:0] in_data_i,
  input  logic in_valid_i,
  output logic in_ready_o,
  output logic [OUT_BITS-1:0] out_data_o,
  output logic out_valid_o,
  input  logic out_ready_i
);
  localparam bit Bipolar = (IN_BITS == 1) && (IN_SIGNED != 0);

  if (IN_BITS < 1) begin : gen_unmet_sizes_are_positive
    map_output_requires_that_sizes_are_positive violated ();
  end
  if (OUT_BITS < IN_BITS || (IN_SIGNED == 0 && OUT_BITS == IN_BITS) || (Bipolar && OUT_BITS < 2)) begin :
    gen_unmet_out_bits_hold_an_element
    map_output_requires_that_out_bits_hold_an_element violated ();
  end

  logic move, take;
  assign move = !out_valid_o || out_ready_i;
  assign in_ready_o = move;
  assign take = move && in_valid_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) out_valid_o <= 1'b0;
    else if (move) out_valid_o <= in_valid_i;
  end

  if (Bipolar) begin : gen_bipolar
    always_ff @(posedge clk_i) if (take) out_data_o <= {{(OUT_BITS - 1) {!in_data_i[0]}}, 1'b1};
  end else begin : gen_integer
    always_ff @(posedge clk_i) begin
      if (take) out_data_o <= OUT_BITS'($signed({(IN_SIGNED != 0) && in_data_i[IN_BITS-1], in_data_i}));
    end
  end
endmodule
