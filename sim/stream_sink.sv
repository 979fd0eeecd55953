// Writes every beat of a stream to a text file, `cycle last hexdata` a line; for simulation only.
//
// Always ready, or not ready at random: in stall_i of 2**24 cycles, and in the hold_i cycles after the first beat is
// offered. A reset starts the file anew. The file is named by +FILE_ARG=path. dropped_o goes up and stays up when valid
// falls before a beat is taken, changed_o when its data or last do (AXI4-Stream).
module stream_sink #(
  parameter int unsigned BYTES = 1,
  parameter              FILE_ARG = "output"
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic [63:0]        cycle_i,
  input  logic [24:0]        stall_i,
  input  logic [31:0]        hold_i,
  input  logic [8*BYTES-1:0] data_i,
  input  logic               valid_i,
  input  logic               last_i,
  output logic               ready_o,
  output logic [31:0]        beats_o,
  output logic               dropped_o,
  output logic               changed_o
);
  integer           file;
  string            path;
  logic             waiting_q;
  logic [8*BYTES:0] beat, beat_q;
  logic [31:0]      held_q;

  initial begin
    if (!$value$plusargs({FILE_ARG, "=%s"}, path)) $fatal(1, "stream_sink: +%s=PATH is missing", FILE_ARG);
    file = $fopen(path, "w");
    if (file == 0) $fatal(1, "stream_sink: cannot open %s", path);
  end

  assign beat = {last_i, data_i};

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      ready_o   <= 1'b0;
      waiting_q <= 1'b0;
      beats_o   <= '0;
      held_q    <= '0;
      dropped_o <= 1'b0;
      changed_o <= 1'b0;
      if (beats_o != 0) begin
        $fclose(file);
        file = $fopen(path, "w");
      end
    end else begin
      if (valid_i && held_q < hold_i) held_q <= held_q + 1;
      ready_o   <= (held_q >= hold_i) && ($urandom & 32'hffffff) >= 32'(stall_i);
      waiting_q <= valid_i && !ready_o;
      beat_q    <= beat;
      if (waiting_q && !valid_i) dropped_o <= 1'b1;
      if (waiting_q && beat != beat_q) changed_o <= 1'b1;
      if (valid_i && ready_o) begin
        $fwrite(file, "%0d %b %h\n", cycle_i, last_i, data_i);
        beats_o <= beats_o + 1;
        if (last_i) $fflush(file);
      end
    end
  end
endmodule
