// A part of a rom that lies in one place: all in block RAM, or all in LUTs. Its image is
// FILE.PART.hex.
//
// data_o holds the word at address_i one clock after read_i, and keeps it until the next read. It has no reset: data_o
// is undefined before the first read.
module rom_bank #(
  parameter int WORDS = 1,
  parameter int WIDTH = 1,
  parameter int BLOCK = 1,
  parameter FILE = "",
  parameter PART = ""
) (
  input  logic clk_i,
  input  logic read_i,
  input  logic [(WORDS > 1 ? $clog2(WORDS) : 1)-1:0] address_i,
  output logic [WIDTH-1:0] data_o
);
  if (WORDS < 1 || WIDTH < 1) begin : gen_unmet_sizes_are_positive
    rom_bank_requires_that_sizes_are_positive violated ();
  end

  if (BLOCK != 0) begin : gen_block
    (* rom_style = "block" *)
    logic [WIDTH-1:0] words [0:WORDS-1];
    initial if (FILE != "") $readmemh({FILE, ".", PART, ".hex"}, words);
    always_ff @(posedge clk_i) begin
      if (read_i) data_o <= words[address_i];
    end
  end else begin : gen_lut
`ifdef YOSYS
    (* logic_block *)  // Yosys has no other name for a ROM made of LUTs
`else
    (* rom_style = "distributed" *)
`endif
    logic [WIDTH-1:0] words [0:WORDS-1];
    initial if (FILE != "") $readmemh({FILE, ".", PART, ".hex"}, words);
    always_ff @(posedge clk_i) begin
      if (read_i) data_o <= words[address_i];
    end
  end
endmodule
