// The CRC-32 of Ethernet and zlib over a sequence of bytes, one byte a clock.
//
// crc_o is the CRC of the bytes since clear_i, ready one clock after the last. After a message that is followed by its
// own CRC, lowest byte first, match_o is high. clear_i goes before valid_i in the same clock.
// IEEE 802.3, clause 3.2.9: the polynomial 0x04C11DB7, here with its bits reversed; preset to ones; sent inverted.
module crc32 (
  input  logic        clk_i,
  input  logic        clear_i,
  input  logic [7:0]  data_i,
  input  logic        valid_i,
  output logic [31:0] crc_o,
  output logic        match_o
);

  localparam logic [31:0] Polynomial = 32'hEDB8_8320;
  localparam logic [31:0] Residue = 32'hDEBB_20E3;  // what every correct message with its CRC leaves behind

  logic [31:0] state_q, state_next;

  assign crc_o   = ~state_q;
  assign match_o = state_q == Residue;

  always_comb begin
    state_next = state_q ^ {24'b0, data_i};
    for (int i = 0; i < 8; i++) state_next = {1'b0, state_next[31:1]} ^ (state_next[0] ? Polynomial : 32'b0);
  end

  always_ff @(posedge clk_i) begin
    if (clear_i) state_q <= '1;
    else if (valid_i) state_q <= state_next;
  end

endmodule
