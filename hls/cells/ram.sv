// A memory with one write port and one read port with a registered output: a part in block RAM, the rest in LUTs.
//
// The first BLOCK_WORDS words of the first BLOCK_WIDTH columns lie in block RAM (or all in large RAM, with LARGE); the
// last words of those columns, and the columns that remain, in LUTs.
// data_o holds the word at read_address_i one clock after read_i, and keeps it until the next read. Reading a word in
// the very clock in which it is written is not supported; contents are undefined until written.
module ram #(
  parameter int WORDS = 1,
  parameter int WIDTH = 1,
  parameter int BLOCK_WORDS = 0,
  parameter int BLOCK_WIDTH = 0,
  parameter int LARGE = 0
) (
  input  logic clk_i,
  input  logic write_i,
  input  logic [(WORDS > 1 ? $clog2(WORDS) : 1)-1:0] write_address_i,
  input  logic [WIDTH-1:0] data_i,
  input  logic read_i,
  input  logic [(WORDS > 1 ? $clog2(WORDS) : 1)-1:0] read_address_i,
  output logic [WIDTH-1:0] data_o
);
  localparam int AddressBits = (WORDS > 1) ? $clog2(WORDS) : 1;
  localparam int BlockBits = (BLOCK_WORDS > 1) ? $clog2(BLOCK_WORDS) : 1;
  localparam int RestBits = (WORDS - BLOCK_WORDS > 1) ? $clog2(WORDS - BLOCK_WORDS) : 1;

  if (WORDS < 1 || WIDTH < 1) begin : gen_unmet_sizes_are_positive
    ram_requires_that_sizes_are_positive violated ();
  end
  if (BLOCK_WIDTH < 0 || BLOCK_WIDTH > WIDTH
      || (BLOCK_WIDTH > 0 && (BLOCK_WORDS < 1 || BLOCK_WORDS > WORDS))) begin : gen_unmet_block_lies_in_the_memory
    ram_requires_that_block_lies_in_the_memory violated ();
  end

  if (BLOCK_WIDTH > 0) begin : gen_block
    logic [BLOCK_WIDTH-1:0] block;
    logic write_rest;
    ram_bank #(
      .WORDS(BLOCK_WORDS), .WIDTH(BLOCK_WIDTH), .PLACE(LARGE != 0 ? 2 : 1)
    ) u_block (
      .clk_i,
      .write_i(write_i && !write_rest),
      .write_address_i(write_address_i[BlockBits-1:0]),
      .data_i(data_i[BLOCK_WIDTH-1:0]),
      .read_i,
      .read_address_i(read_address_i[BlockBits-1:0]),
      .data_o(block)
    );
    if (BLOCK_WORDS < WORDS) begin : gen_words
      logic [BLOCK_WIDTH-1:0] rest;
      logic in_rest_q;
      assign write_rest = write_address_i >= AddressBits'(BLOCK_WORDS);
      ram_bank #(
        .WORDS(WORDS - BLOCK_WORDS), .WIDTH(BLOCK_WIDTH), .PLACE(0)
      ) u_words (
        .clk_i,
        .write_i(write_i && write_rest),
        .write_address_i(RestBits'(write_address_i - AddressBits'(BLOCK_WORDS))),
        .data_i(data_i[BLOCK_WIDTH-1:0]),
        .read_i,
        .read_address_i(RestBits'(read_address_i - AddressBits'(BLOCK_WORDS))),
        .data_o(rest)
      );
      always_ff @(posedge clk_i) begin
        if (read_i) in_rest_q <= read_address_i >= AddressBits'(BLOCK_WORDS);
      end
      assign data_o[BLOCK_WIDTH-1:0] = in_rest_q ? rest : block;
    end else begin : gen_straight
      assign write_rest = 1'b0;
      assign data_o[BLOCK_WIDTH-1:0] = block;
    end
  end

  if (BLOCK_WIDTH < WIDTH) begin : gen_columns
    ram_bank #(
      .WORDS(WORDS), .WIDTH(WIDTH - BLOCK_WIDTH), .PLACE(0)
    ) u_columns (
      .clk_i,
      .write_i,
      .write_address_i,
      .data_i(data_i[WIDTH-1:BLOCK_WIDTH]),
      .read_i,
      .read_address_i,
      .data_o(data_o[WIDTH-1:BLOCK_WIDTH])
    );
  end
endmodule
