// The sum over each pooling window, for PE channels at a time.
//
// Input: windows from a depthwise sliding_window with the same PE: for each block of PE channels, WINDOW beats in a
// row. Output: one beat of PE sums for each block. A bipolar element is a bit that stands for -1 or +1.
// Cycles per frame: output pixels * (channels / PE) * WINDOW, without a bubble. Latency: 1 from a block's last beat.
// It does not divide, and does no striding or padding: the sliding window in front of it does.
module sum_pool #(
  parameter int PE = 1,
  parameter int IN_BITS = 1,
  parameter int IN_SIGNED = 0,
  parameter int SUM_BITS = 1,
  parameter int WINDOW = 1
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
  localparam int CountBits = (WINDOW > 1) ? $clog2(WINDOW) : 1;
  localparam bit Bipolar = (IN_BITS == 1) && (IN_SIGNED != 0);

  if (PE < 1 || IN_BITS < 1 || WINDOW < 1) begin : gen_unmet_sizes_are_positive
    sum_pool_requires_that_sizes_are_positive violated ();
  end
  if (SUM_BITS < IN_BITS || (Bipolar && SUM_BITS < 2)) begin : gen_unmet_sum_bits_hold_an_element
    sum_pool_requires_that_sum_bits_hold_an_element violated ();
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
    logic [SUM_BITS-1:0] element, sum;
    assign sum = out_data_o[p*SUM_BITS+:SUM_BITS];
    if (Bipolar) begin : gen_bipolar
      assign element = {{(SUM_BITS - 1) {!in_data_i[p]}}, 1'b1};
    end else begin : gen_integer
      assign element =
        SUM_BITS'($signed({(IN_SIGNED != 0) && in_data_i[(p+1)*IN_BITS-1], in_data_i[p*IN_BITS+:IN_BITS]}));
    end
    always_ff @(posedge clk_i) begin
      if (take) out_data_o[p*SUM_BITS+:SUM_BITS] <= element + (first ? '0 : sum);
    end
  end
endmodule
