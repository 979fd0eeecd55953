// Properties of concat, for an input of two beats a pixel and one of one.
module concat_properties (
  input logic clk_i,
  input logic rst_ni,
  input logic [3:0] in_data_i,
  input logic [1:0] in_valid_i,
  input logic out_ready_i
);
  logic since, out_valid;
  logic [1:0] in_ready, out_data, marked;
  logic [3:0] level;

  reset_first u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  concat #(
    .WIDTH(2), .INPUTS(2), .BEATS({32'd1, 32'd2}), .COUNT_BITS(2)
  ) dut (
    .clk_i, .rst_ni, .in_data_i, .in_valid_i, .in_ready_o(in_ready), .out_data_o(out_data), .out_valid_o(out_valid),
    .out_ready_i
  );

  stream_rules #(
    .WIDTH(2)
  ) u_out (
    .clk_i, .rst_ni, .data_i(out_data), .valid_i(out_valid), .ready_i(out_ready_i)
  );

  keeps_going #(
    .CLOCKS(1)
  ) u_going (
    .clk_i, .rst_ni, .offered_i((&in_valid_i) && out_ready_i), .moves_i(|in_ready)
  );

  // Which of a pixel's three beats leaves next: two of input 0, one of input 1.
  logic [1:0] place_q;
  logic take, of_second;
  assign take = out_valid && out_ready_i;
  assign of_second = place_q == 2'd2;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) place_q <= '0;
    else if (take) place_q <= of_second ? '0 : place_q + 1'b1;
  end

  for (genvar i = 0; i < 2; i++) begin : gen_input
    in_order #(
      .WIDTH(2), .CAPACITY(1)
    ) u_order (
      .clk_i, .rst_ni, .since_i(since),
      .in_data_i(in_data_i[2*i+:2]), .in_take_i(in_valid_i[i] && in_ready[i]),
      .out_data_i(out_data), .out_valid_i(out_valid && of_second == (i == 1)),
      .out_take_i(take && of_second == (i == 1)), .level_o(level[2*i+:2]), .ahead_o(), .marked_o(marked[i]),
      .marked_data_o()
    );
    always_comb if (since) assert (level[2*i+:2] == 2'(out_valid && of_second == (i == 1)));
  end

  // The kernel's counters are as far as the beat behind its output register.
  (* hierconn *) logic \dut.turn_q ;
  (* hierconn *) logic [1:0] \dut.beat_q ;
  logic [1:0] taken;
  assign taken = !out_valid ? place_q : of_second ? 2'd0 : place_q + 2'd1;
  always_comb begin
    if (since) begin
      assert (place_q < 3);
      assert (\dut.turn_q == (taken == 2));
      assert (\dut.beat_q == (\dut.turn_q ? 2'd0 : taken));
    end
  end

  always_comb cover (since && rst_ni && marked[0] && place_q == 2'd1 && !out_ready_i);
endmodule
