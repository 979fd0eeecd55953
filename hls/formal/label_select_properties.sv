// Properties of label_select, for two of three classes with signed scores of two bits.
module label_select_properties (
  input logic clk_i,
  input logic rst_ni,
  input logic [1:0] in_data_i,
  input logic in_valid_i,
  input logic out_ready_i
);
  localparam int Channels = 3;
  localparam int Top = 2;

  logic since, in_ready, out_valid, in_take, out_take, is_score, marked;
  logic [2:0] out_data;
  logic [1:0] level;

  reset_first #(
    .ONCE(1)
  ) u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  label_select #(
    .CHANNELS(Channels), .TOP(Top), .IN_BITS(2), .IN_SIGNED(1), .OUT_BITS(3)
  ) dut (
    .clk_i, .rst_ni, .in_data_i, .in_valid_i, .in_ready_o(in_ready), .out_data_o(out_data), .out_valid_o(out_valid),
    .out_ready_i
  );

  stream_rules #(
    .WIDTH(3)
  ) u_out (
    .clk_i, .rst_ni, .data_i(out_data), .valid_i(out_valid), .ready_i(out_ready_i)
  );

  assign in_take = in_valid_i && in_ready;
  assign out_take = out_valid && out_ready_i;

  keeps_going #(
    .CLOCKS(2)
  ) u_going (
    .clk_i, .rst_ni, .offered_i(in_valid_i && out_ready_i), .moves_i(out_valid)
  );

  // The scores of the frame that comes in, of the last whole one, and the place of the beat that leaves next.
  logic [2:0] in_q, place_q;
  logic [2*Channels-1:0] scores_q, scores_d, frame_q;
  assign scores_d = {in_data_i, scores_q[2*Channels-1:2]};
  assign is_score = place_q < Channels;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      in_q <= '0;
      place_q <= '0;
    end else begin
      if (in_take) in_q <= in_q == Channels - 1 ? '0 : in_q + 1'b1;
      if (out_take) place_q <= place_q == Channels + Top - 1 ? '0 : place_q + 1'b1;
    end
    if (in_take) scores_q <= scores_d;
    if (in_take && in_q == Channels - 1) frame_q <= scores_d;
  end

  in_order #(
    .WIDTH(3), .CAPACITY(1)
  ) u_order (
    .clk_i, .rst_ni, .since_i(since), .in_data_i({in_data_i[1], in_data_i}), .in_take_i(in_take),
    .out_data_i(out_data), .out_valid_i(out_valid && is_score), .out_take_i(out_take && is_score), .level_o(level),
    .ahead_o(), .marked_o(marked), .marked_data_o()
  );

  // How many classes stand before each: those with a larger score, and those with the same and a lower index.
  logic [2*Channels-1:0] rank;
  always_comb begin
    for (int i = 0; i < Channels; i++) begin
      rank[2*i+:2] = '0;
      for (int j = 0; j < Channels; j++) begin
        if ($signed(frame_q[2*j+:2]) > $signed(frame_q[2*i+:2])
            || (frame_q[2*j+:2] == frame_q[2*i+:2] && j < i)) rank[2*i+:2] = rank[2*i+:2] + 1'b1;
      end
    end
  end

  always_comb begin
    if (since) begin
      assert (level == 2'(out_valid && is_score));
      if (out_valid && !is_score) begin
        assert (out_data < Channels);
        assert (32'(rank[2*out_data[1:0]+:2]) == 32'(place_q) - Channels);
      end
    end
  end

  always_comb cover (since && rst_ni && marked && !out_ready_i);
  always_comb cover (since && rst_ni && out_take && place_q == Channels + Top - 1);
endmodule
