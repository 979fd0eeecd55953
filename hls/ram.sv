// Simple dual-port memory: one write port, one synchronous read port with an enable.
//
// BLOCK = 1 asks for block RAM, 0 for LUTs. Read data stay until the next enabled read.
// Does not: bypass. A read of the address that is written in the same cycle gives the old word or garbage.
module ram #(
  parameter int WIDTH = 8,
  parameter int WORDS = 16,
  parameter int BLOCK = 0,
  parameter int ADDRESS_BITS = WORDS > 1 ? $clog2(WORDS) : 1
) (
  input  logic                    clk_i,
  input  logic                    write_i,
  input  logic [ADDRESS_BITS-1:0] write_address_i,
  input  logic [WIDTH-1:0]        write_data_i,
  input  logic                    read_i,
  input  logic [ADDRESS_BITS-1:0] read_address_i,
  output logic [WIDTH-1:0]        read_data_o
);

  generate
    if (BLOCK != 0) begin : gen_block
      (* ram_style = "block" *) logic [WIDTH-1:0] words [0:WORDS-1];
      always_ff @(posedge clk_i) begin
        if (write_i) words[write_address_i] <= write_data_i;
        if (read_i) read_data_o <= words[read_address_i];
      end
    end else begin : gen_lut
`ifdef YOSYS
      logic [WIDTH-1:0] words [0:WORDS-1];
`else
      (* ram_style = "distributed" *) logic [WIDTH-1:0] words [0:WORDS-1];
`endif
      always_ff @(posedge clk_i) begin
        if (write_i) words[write_address_i] <= write_data_i;
        if (read_i) read_data_o <= words[read_address_i];
      end
    end
  endgenerate

endmodule
