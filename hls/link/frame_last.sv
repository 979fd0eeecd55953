// Marks the last beat of every frame of BEATS beats.
//
// Watches a stream (valid and ready) and raises last_o together with a frame's final beat: what AXI4-Stream calls
// tlast. Combinational in the counter alone. It does not touch the stream, and does not know where a frame should
// begin: it counts from reset.
module frame_last #(
  parameter int BEATS = 1
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic valid_i,
  input  logic ready_i,
  output logic last_o
);
  localparam int CountBits = (BEATS > 1) ? $clog2(BEATS) : 1;
  localparam logic [CountBits-1:0] Final = CountBits'(BEATS - 1);

  if (BEATS < 1) begin : gen_unmet_beats_are_positive
    frame_last_requires_that_beats_are_positive violated ();
  end

  logic [CountBits-1:0] count_q;

  assign last_o = (count_q == Final);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      count_q <= '0;
    end else if (valid_i && ready_i) begin
      count_q <= last_o ? '0 : count_q + 1'b1;
    end
  end
endmodule
