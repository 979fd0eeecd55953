// The maximum over each pooling window, for PE channels at a time.
//
// Input: windows from a depthwise sliding_window with the same PE: for each block of PE channels, WINDOW beats in a
// row. Output: one beat for each block. Bipolar codes (0 for -1, 1 for +1) compare as unsigned numbers.
// Cycles per frame: output pixels * (channels / PE) * WINDOW, without a bubble. Latency: 1 from a block's last beat.
// It does no striding or padding: the sliding window in front of it does.
module max_pool #(
  parameter int PE = 1,
  parameter int BITS = 1,
  parameter int SIGNED = 0,
  parameter int WINDOW = 1
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic [PE*BITS-1:0] in_data_i,
  input  logic in_valid_i,
  output logic in_ready_o,
  output logic [PE*BITS-1:0] out_data_o,
  output logic out_valid_o,
  input  logic out_ready_i
);
  localparam int CountBits = (WINDOW > 1) ? $clog2(WINDOW) : 1;

  if (PE < 1 || BITS < 1 || WINDOW < 1) begin : gen_unmet_sizes_are_positive
    max_pool_requires_that_sizes_are_positive violated ();
  end

  logic [CountBits-1:0] count_q;
  logic move, take, first, last;

  assign move = !out_valid_o || out_ready_i;
  assign in_ready_o = move;
  assign take = move && in_valid_i;
  assign first = (count_q == '0);
  assign last = (count_q == CountBits'(WINDOW - 1));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      count_q <= '0;
      out_valid_o <= 1'b0;
    end else if (move) begin
      out_valid_o <= in_valid_i && last;
      if (in_valid_i) count_q <= last ? '0 : count_q + 1'b1;
    end
  end

  for (genvar p = 0; p < PE; p++) begin : gen_pe
    logic [BITS-1:0] element, maximum;
    logic larger;
    assign element = in_data_i[p*BITS+:BITS];
    assign maximum = out_data_o[p*BITS+:BITS];
    if (SIGNED != 0) begin : gen_signed
      assign larger = $signed(element) > $signed(maximum);
    end else begin : gen_unsigned
      assign larger = element > maximum;
    end
    always_ff @(posedge clk_i) begin
      if (take && (first || larger)) out_data_o[p*BITS+:BITS] <= element;
    end
  end
endmodule
