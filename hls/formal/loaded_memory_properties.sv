// Properties of loaded_memory, in each WAY, for three words of three bits that come in beats of two.
//
// The solver marks one word. Once all are loaded, a read of it must give what came, and keep it until the next read.
module loaded_memory_properties #(
  parameter int WAY = 1
) (
  input logic clk_i,
  input logic rst_ni,
  input logic [1:0] load_data_i,
  input logic load_valid_i,
  input logic read_i,
  input logic [1:0] address_i
);
  localparam int Words = 3;

  logic since, loading, stored;
  logic [2:0] data;
  logic [1:0] word_q, address;

  reset_first #(
    .ONCE(1)
  ) u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  loaded_memory #(
    .WORDS(Words), .WIDTH(3), .LOAD_BITS(2), .WAY(WAY)
  ) dut (
    .clk_i, .rst_ni, .load_data_i, .load_valid_i, .loading_o(loading), .stored_o(stored), .last_i(word_q == Words - 1),
    .read_i, .address_i(address), .data_o(data)
  );

  // What the module may rely on: the kernel counts the words that are stored, and reads none before they are there;
  // the loader leaves two clocks between beats, and no frame passes in the clock in which loading ends.
  logic [1:0] silent_q;
  logic loading_q;
  assign address = loading ? word_q : address_i;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      word_q <= '0;
      silent_q <= '0;
      loading_q <= 1'b1;
    end else begin
      if (stored) word_q <= word_q == Words - 1 ? '0 : word_q + 1'b1;
      silent_q <= load_valid_i ? 2'd2 : silent_q - 2'(silent_q != 0);
      loading_q <= loading;
    end
  end
  always_comb begin
    if (since) begin
      if (silent_q != 0) assume (!load_valid_i);
      if (loading || loading_q) assume (!read_i);
    end
    assume (address_i < Words);
  end

  // What comes, and what is read.
  (* anyconst *) logic [1:0] mark;
  logic [1:0] came_q, low_q;
  logic [2:0] marked_q;
  logic second_q, shows_q, full_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      came_q <= '0;
      second_q <= 1'b0;
      shows_q <= 1'b0;
      full_q <= 1'b0;
    end else begin
      full_q <= came_q == Words;
      if (load_valid_i && came_q < Words) begin
        second_q <= !second_q;
        low_q <= load_data_i;
        if (second_q) came_q <= came_q + 1'b1;
        if (second_q && came_q == mark) marked_q <= {load_data_i[0], low_q};
      end
      if (read_i) shows_q <= address_i == mark;
    end
  end

  always_comb begin
    assume (mark < Words);
    if (since && rst_ni) begin
      assert (loading || came_q == Words);   // until the last word is there
      assert (!(loading && full_q));         // and no longer than a clock behind it
      if (shows_q) assert (data == marked_q);
    end
  end

  always_comb cover (since && rst_ni && shows_q);
endmodule
