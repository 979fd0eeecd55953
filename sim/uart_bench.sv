// A UART's receiver and its transmitter, each with its own line; for simulation only.
module uart_bench #(
  parameter int CLOCKS_PER_BIT = 8
) (
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic       rx_i,
  output logic [7:0] rx_data_o,
  output logic       rx_valid_o,
  output logic       rx_broken_o,
  input  logic [7:0] tx_data_i,
  input  logic       tx_valid_i,
  output logic       tx_ready_o,
  output logic       tx_o
);
  uart_rx #(.CLOCKS_PER_BIT(CLOCKS_PER_BIT)) u_rx (
    .clk_i, .rst_ni, .rx_i, .data_o(rx_data_o), .valid_o(rx_valid_o), .broken_o(rx_broken_o)
  );

  uart_tx #(.CLOCKS_PER_BIT(CLOCKS_PER_BIT)) u_tx (
    .clk_i, .rst_ni, .in_data_i(tx_data_i), .in_valid_i(tx_valid_i), .in_ready_o(tx_ready_o), .tx_o
  );
endmodule
