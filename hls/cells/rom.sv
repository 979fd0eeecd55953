// A read-only memory with a registered output, filled from hexadecimal images: a part in block RAM, the rest in LUTs.
//
// The first BLOCK_WORDS words of the first BLOCK_WIDTH columns lie in block RAM (0 and 0: none). In LUTs lie
// the last words of those columns, and the columns that remain: what would leave a block half empty.
// Images: FILE.block.hex, FILE.words.hex and FILE.columns.hex, of those parts that there are.
// data_o holds the word at address_i one clock after read_i, and keeps it until the next read. It has no reset: data_o
// is undefined before the first read.
module rom #(
  parameter int WORDS = 1,
  parameter int WIDTH = 1,
  parameter int BLOCK_WORDS = 0,
  parameter int BLOCK_WIDTH = 0,
  parameter FILE = ""
) (
  input  logic clk_i,
  input  logic read_i,
  input  logic [(WORDS > 1 ? $clog2(WORDS) : 1)-1:0] address_i,
  output logic [WIDTH-1:0] data_o
);
  localparam int AddressBits = (WORDS > 1) ? $clog2(WORDS) : 1;
  localparam int BlockBits = (BLOCK_WORDS > 1) ? $clog2(BLOCK_WORDS) : 1;
  localparam int RestBits = (WORDS - BLOCK_WORDS > 1) ? $clog2(WORDS - BLOCK_WORDS) : 1;

  if (WORDS < 1 || WIDTH < 1) begin : gen_unmet_sizes_are_positive
    rom_requires_that_sizes_are_positive violated ();
  end
  if (BLOCK_WIDTH < 0 || BLOCK_WIDTH > WIDTH
      || (BLOCK_WIDTH > 0 && (BLOCK_WORDS < 1 || BLOCK_WORDS > WORDS))) begin : gen_unmet_block_lies_in_the_memory
    rom_requires_that_block_lies_in_the_memory violated ();
  end

  if (BLOCK_WIDTH > 0) begin : gen_block
    logic [BLOCK_WIDTH-1:0] block;
    rom_bank #(
      .WORDS(BLOCK_WORDS), .WIDTH(BLOCK_WIDTH), .BLOCK(1), .FILE(FILE), .PART("block")
    ) u_block (
      .clk_i, .read_i, .address_i(address_i[BlockBits-1:0]), .data_o(block)
    );
    if (BLOCK_WORDS < WORDS) begin : gen_words
      logic [BLOCK_WIDTH-1:0] rest;
      logic in_rest_q;
      rom_bank #(
        .WORDS(WORDS - BLOCK_WORDS), .WIDTH(BLOCK_WIDTH), .BLOCK(0), .FILE(FILE), .PART("words")
      ) u_words (
        .clk_i, .read_i, .address_i(RestBits'(address_i - AddressBits'(BLOCK_WORDS))), .data_o(rest)
      );
      always_ff @(posedge clk_i) begin
        if (read_i) in_rest_q <= address_i >= AddressBits'(BLOCK_WORDS);
      end
      assign data_o[BLOCK_WIDTH-1:0] = in_rest_q ? rest : block;
    end else begin : gen_straight
      assign data_o[BLOCK_WIDTH-1:0] = block;
    end
  end

  if (BLOCK_WIDTH < WIDTH) begin : gen_columns
    rom_bank #(
      .WORDS(WORDS), .WIDTH(WIDTH - BLOCK_WIDTH), .BLOCK(0), .FILE(FILE), .PART("columns")
    ) u_columns (
      .clk_i, .read_i, .address_i, .data_o(data_o[WIDTH-1:BLOCK_WIDTH])
    );
  end
endmodule
