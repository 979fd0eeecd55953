// Receives bytes from a serial line: 8 data bits, lowest first, no parity, one stop bit.
//
// valid_o is high for one clock when data_o holds a byte; broken_o is, when a byte's stop bit is missing (a break, or
// the wrong baud rate), and then the line must rest high before the next byte counts. The line is sampled by two
// flip-flops against metastability, single odd samples are outvoted by their neighbours, and a bit is read in its
// middle: senders may be 2 % too fast or too slow (CLOCKS_PER_BIT >= 4).
// Does not: check parity, measure the baud rate, or wait for its reader: a byte that nobody takes is lost.
module uart_rx #(
  parameter int CLOCKS_PER_BIT = 8
) (
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic       rx_i,
  output logic [7:0] data_o,
  output logic       valid_o,
  output logic       broken_o
);

  localparam int CountBits = $clog2(CLOCKS_PER_BIT);
  localparam logic [CountBits-1:0] Whole = CountBits'(CLOCKS_PER_BIT - 1);
  localparam logic [CountBits-1:0] Half = CountBits'((CLOCKS_PER_BIT - 1) / 2);
  localparam logic [3:0] Stop = 4'd9;

  if (CLOCKS_PER_BIT < 4) begin : gen_unmet_clocks_per_bit_are_four_or_more
    uart_rx_requires_that_clocks_per_bit_are_four_or_more violated ();
  end

  logic [3:0]           samples_q;
  logic                 line;
  logic                 rested_q;  // the line was high since the last byte, so a low is a start bit
  logic                 busy_q;
  logic [CountBits-1:0] count_q;
  logic [3:0]           bit_q;

  assign line = (samples_q[1] && samples_q[2]) || (samples_q[2] && samples_q[3]) || (samples_q[1] && samples_q[3]);

  always_ff @(posedge clk_i) begin
    samples_q <= {samples_q[2:0], rx_i};
    valid_o   <= 1'b0;
    broken_o  <= 1'b0;
    if (!rst_ni) begin
      samples_q <= '0;
      rested_q  <= 1'b0;
      busy_q    <= 1'b0;
    end else if (!busy_q) begin
      rested_q <= rested_q || line;
      busy_q   <= rested_q && !line;
      count_q  <= Half;
      bit_q    <= '0;
    end else if (count_q != '0) begin
      count_q <= count_q - 1'b1;
    end else begin
      count_q <= Whole;
      bit_q   <= bit_q + 1'b1;
      if (bit_q == '0) begin
        busy_q <= !line;  // a start bit that is over in its middle was a glitch
      end else if (bit_q != Stop) begin
        data_o <= {line, data_o[7:1]};
      end else begin
        valid_o  <= line;
        broken_o <= !line;
        rested_q <= line;
        busy_q   <= 1'b0;
      end
    end
  end

endmodule
