// Properties of add, for one lane of two bits, or of one bipolar bit.
module add_properties #(
  parameter int IN_SIGNED = 0,
  parameter int IN_BIPOLAR = 0
) (
  input logic clk_i,
  input logic rst_ni,
  input logic [3:0] in_data_i,
  input logic [1:0] in_valid_i,
  input logic out_ready_i
);
  localparam int InBits = (IN_BIPOLAR != 0) ? 1 : 2;

  logic since, out_valid, marked;
  logic [1:0] in_ready, level;
  logic [2:0] out_data, sum;

  reset_first u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  add #(
    .LANES(1), .IN_BITS(InBits), .IN_SIGNED(IN_SIGNED), .IN_BIPOLAR(IN_BIPOLAR), .OUT_BITS(3)
  ) dut (
    .clk_i, .rst_ni, .in_data_i(in_data_i[2*InBits-1:0]), .in_valid_i, .in_ready_o(in_ready), .out_data_o(out_data),
    .out_valid_o(out_valid), .out_ready_i
  );

  stream_rules #(
    .WIDTH(3)
  ) u_out (
    .clk_i, .rst_ni, .data_i(out_data), .valid_i(out_valid), .ready_i(out_ready_i)
  );

  keeps_going #(
    .CLOCKS(1)
  ) u_going (
    .clk_i, .rst_ni, .offered_i((&in_valid_i) && out_ready_i), .moves_i(&in_ready)
  );

  // The sum, counted up from what each element stands for.
  function automatic logic [2:0] value(input logic [1:0] element);
    if (IN_BIPOLAR != 0) value = element[0] ? 3'd1 : -3'd1;
    else value = 3'(element) - ((IN_SIGNED != 0 && element[1]) ? 3'd4 : 3'd0);
  endfunction
  assign sum = value(in_data_i[1:0]) + value(IN_BIPOLAR != 0 ? 2'(in_data_i[1]) : in_data_i[3:2]);

  in_order #(
    .WIDTH(3), .CAPACITY(1)
  ) u_order (
    .clk_i, .rst_ni, .since_i(since), .in_data_i(sum), .in_take_i(in_valid_i[0] && in_ready[0]),
    .out_data_i(out_data), .out_valid_i(out_valid), .out_take_i(out_valid && out_ready_i), .level_o(level),
    .ahead_o(), .marked_o(marked), .marked_data_o()
  );

  always_comb begin
    if (since) begin
      assert ((in_valid_i[0] && in_ready[0]) == (in_valid_i[1] && in_ready[1]));  // both or none
      assert (level == 2'(out_valid));
    end
  end

  always_comb cover (since && rst_ni && marked && !out_ready_i);
endmodule
