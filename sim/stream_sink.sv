// Writes every beat of a stream to a text file, `cycle hexdata` a line; for simulation only.
//
// Always ready, or with stall_percent_i above zero not ready at random. The file is named by +FILE_ARG=path. Fails the
// simulation when valid drops or data changes before a beat is taken (AXI4-Stream).
module stream_sink #(
  parameter int unsigned BYTES = 1,
  parameter              FILE_ARG = "output"
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic [63:0]        cycle_i,
  input  logic [6:0]         stall_percent_i,
  input  logic [8*BYTES-1:0] data_i,
  input  logic               valid_i,
  input  logic               last_i,
  output logic               ready_o,
  output logic [31:0]        frames_o
);
  integer             file;
  string              path;
  logic               waiting_q;
  logic [8*BYTES-1:0] data_q;

  initial begin
    if (!$value$plusargs({FILE_ARG, "=%s"}, path)) $fatal(1, "stream_sink: +%s=PATH is missing", FILE_ARG);
    file = $fopen(path, "w");
    if (file == 0) $fatal(1, "stream_sink: cannot open %s", path);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      ready_o   <= 1'b0;
      waiting_q <= 1'b0;
      frames_o  <= '0;
    end else begin
      ready_o   <= (stall_percent_i == 0) || ($urandom_range(99, 0) >= 32'(stall_percent_i));
      waiting_q <= valid_i && !ready_o;
      data_q    <= data_i;
      if (waiting_q && !valid_i) $fatal(1, "stream_sink: valid dropped before the beat was taken");
      if (waiting_q && data_i != data_q) $fatal(1, "stream_sink: data changed before the beat was taken");
      if (valid_i && ready_o) begin
        $fwrite(file, "%0d %h\n", cycle_i, data_i);
        if (last_i) begin
          frames_o <= frames_o + 1;
          $fflush(file);
        end
      end
    end
  end
endmodule
