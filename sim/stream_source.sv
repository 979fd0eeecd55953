// Plays a binary file of beats into a stream, frame after frame; for simulation only.
//
// Sends one beat of BYTES bytes (most significant byte first) after the other until the file ends, at full speed or
// with random gaps: idle in stall_i of 2**24 cycles. A reset starts the file anew. last_o marks the final beat of every
// BEATS; at the beat with the number wrong_last_i (from 0, since the reset) it says the opposite of what is right.
module stream_source #(
  parameter int unsigned BYTES = 1,
  parameter int unsigned BEATS = 1,
  parameter              FILE_ARG = "input"
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic [24:0]        stall_i,
  input  logic [31:0]        wrong_last_i,
  output logic [8*BYTES-1:0] data_o,
  output logic               last_o,
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
  logic [31:0] place_q;  // in the frame

  initial begin
    if (!$value$plusargs({FILE_ARG, "=%s"}, path)) $fatal(1, "stream_source: +%s=PATH is missing", FILE_ARG);
    file = $fopen(path, "rb");
    if (file == 0) $fatal(1, "stream_source: cannot open %s", path);
  end

  assign valid_o = have_q && !gap_q;
  assign last_o = (place_q == BEATS - 1) != (beats_o == wrong_last_i);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      have_q  <= 1'b0;
      gap_q   <= 1'b0;
      beats_o <= '0;
      place_q <= '0;
      got = $fseek(file, 0, 0);
    end else begin
      // Once valid is up it stays up until the beat is taken (AXI4-Stream).
      if (!valid_o || ready_i) gap_q <= ($urandom & 32'hffffff) < 32'(stall_i);
      if (valid_o && ready_i) begin
        beats_o <= beats_o + 1;
        place_q <= (place_q == BEATS - 1) ? '0 : place_q + 1;
      end
      if (!have_q || (valid_o && ready_i)) begin
        got = $fread(beat, file);
        data_o <= beat;
        have_q <= (got == BYTES);
      end
    end
  end
endmodule
