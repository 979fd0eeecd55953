// A part of a ram that lies in one place: in LUTs (PLACE 0), in block RAM (1), or in large RAM (2).
//
// data_o holds the word at read_address_i one clock after read_i, and keeps it until the next read. Reading a word in
// the very clock in which it is written is not supported; contents are undefined until written.
module ram_bank #(
  parameter int WORDS = 1,
  parameter int WIDTH = 1,
  parameter int PLACE = 1
) (
  input  logic clk_i,
  input  logic write_i,
  input  logic [(WORDS > 1 ? $clog2(WORDS) : 1)-1:0] write_address_i,
  input  logic [WIDTH-1:0] data_i,
  input  logic read_i,
  input  logic [(WORDS > 1 ? $clog2(WORDS) : 1)-1:0] read_address_i,
  output logic [WIDTH-1:0] data_o
);
  if (WORDS < 1 || WIDTH < 1) begin : gen_unmet_sizes_are_positive
    ram_bank_requires_that_sizes_are_positive violated ();
  end
  if (PLACE < 0 || PLACE > 2) begin : gen_unmet_place_is_0_to_2
    ram_bank_requires_that_place_is_0_to_2 violated ();
  end

  if (PLACE == 2) begin : gen_large
    (* ram_style = "ultra", no_rw_check *)
    logic [WIDTH-1:0] words [0:WORDS-1];
    always_ff @(posedge clk_i) begin
      if (write_i) words[write_address_i] <= data_i;
      if (read_i) data_o <= words[read_address_i];
    end
  end else if (PLACE == 1) begin : gen_block
    (* ram_style = "block", no_rw_check *)
    logic [WIDTH-1:0] words [0:WORDS-1];
    always_ff @(posedge clk_i) begin
      if (write_i) words[write_address_i] <= data_i;
      if (read_i) data_o <= words[read_address_i];
    end
  end else begin : gen_lut
`ifdef HWCODESIGN_NO_LUT_RAM  // a family without
    (* logic_block *)
`else
    (* ram_style = "distributed" *)
`endif
    logic [WIDTH-1:0] words [0:WORDS-1];
    always_ff @(posedge clk_i) begin
      if (write_i) words[write_address_i] <= data_i;
      if (read_i) data_o <= words[read_address_i];
    end
  end
endmodule
