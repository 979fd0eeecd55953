// Properties of crc32: it divides by the polynomial of IEEE 802.3, bit by bit with the highest power first, as the
// standard writes it.
module crc32_properties (
  input logic clk_i,
  input logic clear_i,
  input logic [7:0] data_i,
  input logic valid_i
);
  logic [31:0] crc;
  logic match;

  crc32 dut (
    .clk_i, .clear_i, .data_i, .valid_i, .crc_o(crc), .match_o(match)
  );

  logic since = 1'b0;
  always_ff @(posedge clk_i) since <= 1'b1;
  always_comb if (!since) assume (clear_i);

  logic [31:0] rest_q, rest_d, mirrored;
  always_comb begin
    rest_d = rest_q;
    for (int i = 0; i < 8; i++) begin
      rest_d = {rest_d[30:0], 1'b0} ^ (rest_d[31] != data_i[i] ? 32'h04C1_1DB7 : 32'b0);
    end
    for (int i = 0; i < 32; i++) mirrored[i] = !rest_q[31-i];
  end

  always_ff @(posedge clk_i) begin
    if (clear_i) rest_q <= '1;
    else if (valid_i) rest_q <= rest_d;
  end

  always_comb begin
    if (since) begin
      assert (crc == mirrored);
      assert (match == (crc == 32'h2144_DF1C));  // what a message and its checksum have for a checksum
    end
  end

  always_comb cover (since && match);
endmodule
