// Properties of sum_pool, for windows of three elements of IN_BITS bits; one signed bit stands for -1 or +1.
module sum_pool_properties #(
  parameter int IN_BITS = 2,
  parameter int IN_SIGNED = 0
) (
  input logic clk_i,
  input logic rst_ni,
  input logic [IN_BITS-1:0] in_data_i,
  input logic in_valid_i,
  input logic out_ready_i
);
  localparam int Window = 3;
  localparam int Bits = 5;

  logic since, in_ready, out_valid, take, marked;
  logic [Bits-1:0] out_data;
  logic [1:0] level;

  reset_first u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  sum_pool #(
    .PE(1), .IN_BITS(IN_BITS), .IN_SIGNED(IN_SIGNED), .SUM_BITS(Bits), .WINDOW(Window)
  ) dut (
    .clk_i, .rst_ni, .in_data_i, .in_valid_i, .in_ready_o(in_ready), .out_data_o(out_data), .out_valid_o(out_valid),
    .out_ready_i
  );

  stream_rules #(
    .WIDTH(Bits)
  ) u_out (
    .clk_i, .rst_ni, .data_i(out_data), .valid_i(out_valid), .ready_i(out_ready_i)
  );

  assign take = in_valid_i && in_ready;

  keeps_going #(
    .CLOCKS(1)
  ) u_going (
    .clk_i, .rst_ni, .offered_i(in_valid_i && out_ready_i), .moves_i(in_ready)
  );

  // The window so far, counted from what each element stands for.
  logic [1:0] count_q;
  logic [Bits-1:0] sum_q, value, sum;
  if (IN_BITS == 1 && IN_SIGNED != 0) begin : gen_bipolar
    assign value = in_data_i[0] ? Bits'(1) : '1;
  end else begin : gen_integer
    assign value = Bits'(in_data_i) - ((IN_SIGNED != 0 && in_data_i[IN_BITS-1]) ? Bits'(1 << IN_BITS) : '0);
  end
  assign sum = count_q == 0 ? value : sum_q + value;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) count_q <= '0;
    else if (take) count_q <= count_q == Window - 1 ? '0 : count_q + 1'b1;
    if (take) sum_q <= sum;
  end

  in_order #(
    .WIDTH(Bits), .CAPACITY(1)
  ) u_order (
    .clk_i, .rst_ni, .since_i(since), .in_data_i(sum), .in_take_i(take && count_q == Window - 1),
    .out_data_i(out_data), .out_valid_i(out_valid), .out_take_i(out_valid && out_ready_i), .level_o(level), .ahead_o(),
    .marked_o(marked), .marked_data_o()
  );

  (* hierconn *) logic [1:0] \dut.count_q ;
  always_comb begin
    if (since) begin
      assert (count_q < Window);
      assert (\dut.count_q == count_q);
      assert (level == 2'(out_valid));
      if (count_q != 0) assert (!out_valid && out_data == sum_q);
    end
  end

  always_comb cover (since && rst_ni && marked && !out_ready_i);
endmodule
