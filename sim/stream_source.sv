// Plays a binary file of beats into a stream; for simulation only.
//
// Sends one beat of BYTES bytes (most significant byte first) after the other until the file ends, at full speed or,
// with stall_percent_i above zero, with random gaps. The file is named by the plusarg +FILE_ARG=path.
module stream_source #(
  parameter int unsigned BYTES = 1,
  parameter              FILE_ARG = "input"
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic [6:0]         stall_percent_i,
  output logic [8*BYTES-1:0] data_o,
  output logic               valid_o,
  input  logic               ready_i,
  output logic [31:0]        beats_o
);
  integer file;
  integer got;
  logic [8*BYTES-1:0] beat;
  string  path;
  logic   have_q;  // a beat is in data_o, whether or not a gap hides it
  logic   gap_q;

  initial begin
    if (!$value$plusargs({FILE_ARG, "=%s"}, path)) $fatal(1, "stream_source: +%s=PATH is missing", FILE_ARG);
    file = $fopen(path, "rb");
    if (file == 0) $fatal(1, "stream_source: cannot open %s", path);
  end

  assign valid_o = have_q && !gap_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      have_q  <= 1'b0;
      gap_q   <= 1'b0;
      beats_o <= '0;
    end else begin
      // Once valid is up it stays up until the beat is taken (AXI4-Stream).
      if (!valid_o || ready_i) gap_q <= (stall_percent_i != 0) && ($urandom_range(99, 0) < 32'(stall_percent_i));
      if (valid_o && ready_i) beats_o <= beats_o + 1;
      if (!have_q || (valid_o && ready_i)) begin
        got = $fread(beat, file);
        data_o <= beat;
        have_q <= (got == BYTES);
      end
    end
  end
endmodule
