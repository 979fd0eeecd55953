// Writes every beat that passes on one stream inside the accelerator to `NAME.probe`, a hex line each, and at the end
// whether the stream is valid and ready to `NAME.state`.
//
// For simulation only: the emitted top level instantiates one per stream under `ifdef HWCODESIGN_PROBE, to find the
// first layer that differs from the reference. It only watches; a reset starts its record anew.
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
  integer file, state;
  logic   written_q = 1'b0;

  initial file = $fopen({NAME, ".probe"}, "w");

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      written_q <= 1'b0;
      if (written_q) begin
        $fclose(file);
        file = $fopen({NAME, ".probe"}, "w");
      end
    end else if (valid_i && ready_i) begin
      written_q <= 1'b1;
      $fwrite(file, "%h\n", data_i);
    end
  end

  final begin
    state = $fopen({NAME, ".state"}, "w");
    $fwrite(state, "%b %b\n", valid_i, ready_i);
    $fclose(state);
  end
endmodule
