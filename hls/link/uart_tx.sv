// Sends bytes over a serial line: 8 data bits, lowest first, no parity, one stop bit.
//
// Stream: bytes in, one every 10 * CLOCKS_PER_BIT + 1 clocks. The line rests high and is a register.
// Does not: wait for a permission of the other end (RTS/CTS).
module uart_tx #(
  parameter int CLOCKS_PER_BIT = 8
) (
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic [7:0] in_data_i,
  input  logic       in_valid_i,
  output logic       in_ready_o,
  output logic       tx_o
);

  localparam int CountBits = (CLOCKS_PER_BIT > 1) ? $clog2(CLOCKS_PER_BIT) : 1;
  localparam logic [CountBits-1:0] Whole = CountBits'(CLOCKS_PER_BIT - 1);

  if (CLOCKS_PER_BIT < 2) begin : gen_unmet_clocks_per_bit_are_two_or_more
    uart_tx_requires_that_clocks_per_bit_are_two_or_more violated ();
  end

  logic [8:0]           rest_q;  // what follows the present bit: data, and the stop bit on top
  logic [3:0]           bits_q;  // how many bits are not over yet, the present one included
  logic [CountBits-1:0] count_q;

  assign in_ready_o = bits_q == '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      tx_o   <= 1'b1;
      bits_q <= '0;
    end else if (in_ready_o) begin
      count_q <= Whole;
      if (in_valid_i) begin
        tx_o   <= 1'b0;
        rest_q <= {1'b1, in_data_i};
        bits_q <= 4'd10;
      end
    end else if (count_q != '0) begin
      count_q <= count_q - 1'b1;
    end else begin
      count_q <= Whole;
      tx_o    <= rest_q[0];
      rest_q  <= {1'b1, rest_q[8:1]};
      bits_q  <= bits_q - 1'b1;
    end
  end

endmodule
