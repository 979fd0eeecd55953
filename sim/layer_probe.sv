// Counts the cycles in which one layer of the accelerator works, and writes a line `cycle work` to `NAME.work` whenever
// the last beat of a frame leaves the layer.
//
// For simulation only: bound into the accelerator by hwcodesign/simulate/utilisation.py. It only watches.
module layer_probe #(
  parameter int unsigned BEATS = 1,  // of a frame out of the layer
  parameter              NAME = "layer"
) (
  input logic clk_i,
  input logic rst_ni,
  input logic working_i,
  input logic valid_i,
  input logic ready_i
);
  integer      file;
  logic [63:0] cycle_q, work_q;
  logic [31:0] beat_q;

  initial file = $fopen({NAME, ".work"}, "w");

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      cycle_q <= '0;
      work_q  <= '0;
      beat_q  <= '0;
    end else begin
      cycle_q <= cycle_q + 1;
      work_q  <= work_q + 64'(working_i);
      if (valid_i && ready_i) begin
        beat_q <= beat_q == BEATS - 1 ? '0 : beat_q + 1;
        if (beat_q == BEATS - 1) begin
          $fwrite(file, "%0d %0d\n", cycle_q, work_q);
          $fflush(file);
        end
      end
    end
  end
endmodule
