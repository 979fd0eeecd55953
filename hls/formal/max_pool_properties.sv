// Properties of max_pool, for windows of three elements of two bits.
module max_pool_properties #(
  parameter int SIGNED = 0
) (
  input logic clk_i,
  input logic rst_ni,
  input logic [1:0] in_data_i,
  input logic in_valid_i,
  input logic out_ready_i
);
  localparam int Window = 3;

  logic since, in_ready, out_valid, take, marked;
  logic [1:0] out_data, level;

  reset_first u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  max_pool #(
    .PE(1), .BITS(2), .SIGNED(SIGNED), .WINDOW(Window)
  ) dut (
    .clk_i, .rst_ni, .in_data_i, .in_valid_i, .in_ready_o(in_ready), .out_data_o(out_data), .out_valid_o(out_valid),
    .out_ready_i
  );

  stream_rules #(
    .WIDTH(2)
  ) u_out (
    .clk_i, .rst_ni, .data_i(out_data), .valid_i(out_valid), .ready_i(out_ready_i)
  );

  assign take = in_valid_i && in_ready;

  keeps_going #(
    .CLOCKS(1)
  ) u_going (
    .clk_i, .rst_ni, .offered_i(in_valid_i && out_ready_i), .moves_i(in_ready)
  );

  // The window so far: its elements, and the largest of them by their order from the lowest value on.
  logic [1:0] count_q, largest_q, largest;
  function automatic logic [1:0] rank(input logic [1:0] element);
    rank = {element[1] ^ (SIGNED != 0), element[0]};
  endfunction
  assign largest = count_q == 0 || rank(in_data_i) > rank(largest_q) ? in_data_i : largest_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) count_q <= '0;
    else if (take) count_q <= count_q == Window - 1 ? '0 : count_q + 1'b1;
    if (take) largest_q <= largest;
  end

  in_order #(
    .WIDTH(2), .CAPACITY(1)
  ) u_order (
    .clk_i, .rst_ni, .since_i(since), .in_data_i(largest), .in_take_i(take && count_q == Window - 1),
    .out_data_i(out_data), .out_valid_i(out_valid), .out_take_i(out_valid && out_ready_i), .level_o(level), .ahead_o(),
    .marked_o(marked), .marked_data_o()
  );

  (* hierconn *) logic [1:0] \dut.count_q ;
  always_comb begin
    if (since) begin
      assert (count_q < Window);
      assert (\dut.count_q == count_q);
      assert (level == 2'(out_valid));
      if (count_q != 0) assert (!out_valid && out_data == largest_q);
    end
  end

  always_comb cover (since && rst_ni && marked && !out_ready_i);
endmodule
