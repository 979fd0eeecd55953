// A memory behind the read port of a rom whose words come after reset, for large RAM, which powers up empty.
//
// After reset loading_o is up, and the words come: each in ceil(WIDTH/LOAD_BITS) beats of LOAD_BITS, its lowest bits
// first. Behind each beat load_valid_i is low for two clocks at least (loader.sv sees to that). The kernel lends its
// address: at stored_o a word is written at address_i, and the kernel advances; last_i says that it is the last word's.
// Then loading_o falls. Nothing is read before.
// WAY 1: through one port (SPRAM); 2: a port to write and one to read; 3: two ports that read and write half a word
// each, so that the RAM is twice as wide and half as deep.
// data_o holds the word at address_i one clock after read_i, and keeps it until the next read.
module loaded_memory #(
  parameter int WORDS = 2,
  parameter int WIDTH = 2,
  parameter int LOAD_BITS = 8,
  parameter int WAY = 1
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic [LOAD_BITS-1:0] load_data_i,
  input  logic load_valid_i,
  output logic loading_o,
  output logic stored_o,
  input  logic last_i,
  input  logic read_i,
  input  logic [(WORDS > 1 ? $clog2(WORDS) : 1)-1:0] address_i,
  output logic [WIDTH-1:0] data_o
);
  localparam int AddressBits = (WORDS > 1) ? $clog2(WORDS) : 1;
  localparam int Beats = (WIDTH + LOAD_BITS - 1) / LOAD_BITS;

  if (WORDS < 1 || WIDTH < 1 || LOAD_BITS < 1) begin : gen_unmet_sizes_are_positive
    loaded_memory_requires_that_sizes_are_positive violated ();
  end
  if (WAY < 1 || WAY > 3) begin : gen_unmet_way_is_1_to_3
    loaded_memory_requires_that_way_is_1_to_3 violated ();
  end
  if (WAY == 3 && WIDTH < 2) begin : gen_unmet_halves_have_a_bit
    loaded_memory_requires_that_halves_have_a_bit violated ();
  end

  logic take, whole;
  logic [Beats*LOAD_BITS-1:0] word_q;

  assign take = load_valid_i && loading_o;

  if (Beats > 1) begin : gen_beats
    localparam int BeatBits = $clog2(Beats);
    logic [BeatBits-1:0] beat_q;
    assign whole = (beat_q == BeatBits'(Beats - 1));
    always_ff @(posedge clk_i) begin
      if (!rst_ni) beat_q <= '0;
      else if (take) beat_q <= whole ? '0 : beat_q + 1'b1;
      if (take) word_q <= {load_data_i, word_q[Beats*LOAD_BITS-1:LOAD_BITS]};
    end
  end else begin : gen_beat
    assign whole = 1'b1;
    always_ff @(posedge clk_i) begin
      if (take) word_q <= load_data_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      stored_o <= 1'b0;
      loading_o <= 1'b1;
    end else begin
      stored_o <= take && whole;
      if (stored_o && last_i) loading_o <= 1'b0;
    end
  end

  if (WAY == 1) begin : gen_one_port
    (* ram_style = "huge", no_rw_check *)
    logic [WIDTH-1:0] words [0:WORDS-1];
    always_ff @(posedge clk_i) begin
      if (stored_o) words[address_i] <= word_q[WIDTH-1:0];
      else if (read_i) data_o <= words[address_i];
    end
  end else if (WAY == 2) begin : gen_two_ports
    // Written a clock late: with one address for both, the RAM would be taken for one of a single port.
    logic write_q;
    logic [AddressBits-1:0] write_address_q;
    always_ff @(posedge clk_i) begin
      write_q <= stored_o;
      write_address_q <= address_i;
    end
    ram #(
      .WORDS(WORDS), .WIDTH(WIDTH), .BLOCK_WORDS(WORDS), .BLOCK_WIDTH(WIDTH), .LARGE(1)
    ) u_words (
      .clk_i,
      .write_i(write_q),
      .write_address_i(write_address_q),
      .data_i(word_q[WIDTH-1:0]),
      .read_i,
      .read_address_i(address_i),
      .data_o
    );
  end else begin : gen_halves
    localparam int Low = (WIDTH + 1) / 2;
    localparam int High = WIDTH - Low;
    (* ram_style = "ultra", no_rw_check *)
    logic [Low-1:0] halves [0:(2<<AddressBits)-1];
    logic [Low-1:0] high;
    always_ff @(posedge clk_i) begin
      if (stored_o) halves[{1'b0, address_i}] <= word_q[Low-1:0];
      else if (read_i) data_o[Low-1:0] <= halves[{1'b0, address_i}];
    end
    always_ff @(posedge clk_i) begin
      if (stored_o) halves[{1'b1, address_i}] <= Low'(word_q[WIDTH-1:Low]);
      else if (read_i) high <= halves[{1'b1, address_i}];
    end
    assign data_o[WIDTH-1:Low] = high[High-1:0];
  end
endmodule
