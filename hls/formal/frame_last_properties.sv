// Properties of frame_last, for frames of three beats.
module frame_last_properties (
  input logic clk_i,
  input logic rst_ni,
  input logic valid_i,
  input logic ready_i
);
  logic since, last;

  reset_first u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  frame_last #(
    .BEATS(3)
  ) dut (
    .clk_i, .rst_ni, .valid_i, .ready_i, .last_o(last)
  );

  logic [2:0] place_q;  // one bit for each beat of a frame
  always_ff @(posedge clk_i) begin
    if (!rst_ni) place_q <= 3'b001;
    else if (valid_i && ready_i) place_q <= {place_q[1:0], place_q[2]};
  end

  (* hierconn *) logic [1:0] \dut.count_q ;
  always_comb begin
    if (since) begin
      assert (last == place_q[2]);
      assert (\dut.count_q < 3);
      assert (place_q == 3'b001 << \dut.count_q );
    end
  end

  always_comb cover (since && rst_ni && last && valid_i && ready_i);
endmodule
