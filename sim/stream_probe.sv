// Writes every beat that passes on one stream inside the accelerator to `NAME.probe`, a hex line each.
//
// For simulation only: the emitted top level instantiates one per stream under `ifdef HWCODESIGN_PROBE, to find the
// first layer that differs from the reference. It only watches.
module stream_probe #(
  parameter int unsigned WIDTH = 1,
  parameter              NAME = "stream"
) (
  input logic             clk_i,
  input logic             rst_ni,
  input logic [WIDTH-1:0] data_i,
  input logic             valid_i,
  input logic             ready_i
);
  integer file;

  initial file = $fopen({NAME, ".probe"}, "w");

  always_ff @(posedge clk_i) begin
    if (rst_ni && valid_i && ready_i) $fwrite(file, "%h\n", data_i);
  end
endmodule
