// Properties of loader, in front of two memories that say that they are full when they like.
module loader_properties (
  input logic clk_i,
  input logic rst_ni,
  input logic [1:0] in_data_i,
  input logic in_valid_i,
  input logic in_last_i,
  input logic out_ready_i,
  input logic [1:0] loading_i
);
  logic since, in_ready, out_valid;
  logic [1:0] load_data, load_valid;

  reset_first u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  loader #(
    .BITS(2), .COUNT(2)
  ) dut (
    .clk_i, .rst_ni, .in_data_i, .in_valid_i, .in_last_i, .in_ready_o(in_ready), .out_valid_o(out_valid), .out_ready_i,
    .load_data_o(load_data), .load_valid_o(load_valid), .loading_i
  );

  // A memory loads from reset on, and is full two clocks behind a beat of its own, for good.
  logic [1:0] loading_q, got_q, got_before_q;
  logic reset_q = 1'b0;
  always_ff @(posedge clk_i) begin
    reset_q <= !rst_ni;
    loading_q <= loading_i;
    got_q <= rst_ni ? load_valid & loading_i : '0;
    got_before_q <= rst_ni ? got_q : '0;
  end
  for (genvar i = 0; i < 2; i++) begin : gen_memory
    always_comb begin
      if (reset_q) assume (loading_i[i]);
      else if (since) begin
        if (!loading_q[i]) assume (!loading_i[i]);
        else if (!got_before_q[i]) assume (loading_i[i]);
      end
    end
  end

  // The beats that are words: none once a frame has ended with all memories full.
  logic word_q, take, last_q, passing_q;
  logic [1:0] data_q, silent_q;
  assign take = in_valid_i && in_ready && !passing_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      word_q <= 1'b0;
      last_q <= 1'b0;
      silent_q <= '0;
      passing_q <= 1'b0;
    end else begin
      word_q <= take;
      if (take) last_q <= in_last_i;
      silent_q <= take ? 2'd3 : silent_q - 2'(silent_q != 0);
      if (!loading_i[1] && last_q && silent_q <= 1) passing_q <= 1'b1;
    end
    data_q <= in_data_i;
  end

  (* hierconn *) logic \dut.passing_q ;
  (* hierconn *) logic \dut.end_q ;
  (* hierconn *) logic \dut.valid_q ;
  (* hierconn *) logic \dut.silent_q ;
  always_comb begin
    if (since) begin
      assert (out_valid == (passing_q && in_valid_i));  // words never pass, and frames pass whole
      if (passing_q) begin
        assert (in_ready == out_ready_i);
        assert (loading_i == 2'b00);
      end
      // Every word goes to the first memory that loads, a clock later, and two clocks of silence follow.
      assert ((load_valid & loading_i) == (!word_q ? 2'b00 : loading_i[0] ? 2'b01 : loading_i & 2'b10));
      if (word_q) assert (load_data == data_q);
      if (silent_q > 1) assert (!take);
      assert (\dut.passing_q == passing_q && \dut.end_q == last_q && \dut.valid_q == word_q);
      assert (word_q == (silent_q == 3) && \dut.silent_q == (silent_q == 2));
      assert ((got_q != 0) <= (silent_q == 2) && (got_before_q != 0) <= (silent_q == 1));
      if (!reset_q && got_q[1]) assert (!loading_i[0]);
      if (!reset_q && got_before_q[1]) assert (!loading_i[0]);
      if (loading_i[0] && !reset_q) assert (loading_i[1]);
    end
  end

  keeps_going #(
    .CLOCKS(4)
  ) u_going (
    .clk_i, .rst_ni, .offered_i(in_valid_i && out_ready_i), .moves_i(in_ready)
  );

  always_comb cover (since && rst_ni && out_valid && out_ready_i);
endmodule
