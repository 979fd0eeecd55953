// Where in a window the next pixel lies along one side: along a line, or down the lines.
//
// The window begins behind SKIP steps and has LENGTH blocks of SCALE steps each. restart_i begins anew and comes before
// step_i. inside_o: the next step is of the window; first_o and last_o: it is its block's first, its block's last;
// block_o: which block. No reset: what it is before the first restart does not count.
module crop_axis #(
  parameter int SKIP = 0,
  parameter int LENGTH = 1,
  parameter int SCALE = 1
) (
  input  logic clk_i,
  input  logic restart_i,
  input  logic step_i,
  output logic inside_o,
  output logic first_o,
  output logic last_o,
  output logic [(LENGTH > 1 ? $clog2(LENGTH) : 1)-1:0] block_o
);
  localparam int SkipBits = $clog2(SKIP + 1) + 1;
  localparam int BlockBits = (LENGTH > 1) ? $clog2(LENGTH) : 1;
  localparam int ScaleBits = (SCALE > 1) ? $clog2(SCALE) : 1;

  if (LENGTH < 1) begin : gen_unmet_sizes_are_positive
    crop_axis_requires_that_sizes_are_positive violated ();
  end
  if (SKIP < 0) begin : gen_unmet_window_begins_in_the_frame
    crop_axis_requires_that_window_begins_in_the_frame violated ();
  end
  if (SCALE < 1) begin : gen_unmet_scale_is_positive
    crop_axis_requires_that_scale_is_positive violated ();
  end

  logic [SkipBits-1:0]  before_q;
  logic [BlockBits-1:0] block_q;
  logic [ScaleBits-1:0] in_block_q;
  logic                 behind_q;

  assign inside_o = before_q == '0 && !behind_q;
  assign first_o  = in_block_q == '0;
  assign last_o   = in_block_q == ScaleBits'(SCALE - 1);
  assign block_o  = block_q;

  always_ff @(posedge clk_i) begin
    if (restart_i) begin
      before_q   <= SkipBits'(SKIP);
      block_q    <= '0;
      in_block_q <= '0;
      behind_q   <= 1'b0;
    end else if (step_i && before_q != '0) begin
      before_q <= before_q - 1'b1;
    end else if (step_i && !behind_q) begin
      in_block_q <= last_o ? '0 : in_block_q + 1'b1;
      if (last_o) block_q <= block_q + 1'b1;
      if (last_o && block_q == BlockBits'(LENGTH - 1)) behind_q <= 1'b1;
    end
  end
endmodule
