// Properties of crc32: it divides by the polynomial of IEEE 802.3, bit by bit with the highest power first, as the
// standard writes it; and it finds a message of two bytes right that is followed by its checksum.
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

  logic [2:0] count_q;  // bytes since the beginning, up to seven
  logic right_q;        // the bytes behind the message are those of its checksum
  logic [31:0] sum_q;
  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      rest_q <= '1;
      count_q <= '0;
      right_q <= 1'b1;
    end else if (valid_i) begin
      rest_q <= rest_d;
      if (count_q != 7) count_q <= count_q + 1'b1;
      if (count_q == 2) sum_q <= crc >> 8;
      else sum_q <= sum_q >> 8;
      if (count_q >= 2 && data_i != (count_q == 2 ? crc[7:0] : sum_q[7:0])) right_q <= 1'b0;
    end
  end

  always_comb begin
    if (since) begin
      assert (crc == mirrored);
      if (count_q == 6 && right_q) assert (match);
    end
  end

  always_comb cover (since && count_q == 6 && match);
endmodule
