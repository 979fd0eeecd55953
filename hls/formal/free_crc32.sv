// Stands in for crc32 where its user is proven: the checksum is any number, and the verdict on a message any. So what
// is proven of the user holds whatever the checksum says.
module crc32 (
  input  logic        clk_i,
  input  logic        clear_i,
  input  logic [7:0]  data_i,
  input  logic        valid_i,
  output logic [31:0] crc_o,
  output logic        match_o
);
  (* anyconst *) logic [31:0] crc;
  (* anyseq *) logic match;

  assign crc_o   = crc;
  assign match_o = match;
endmodule
