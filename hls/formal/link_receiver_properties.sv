// Properties of link_receiver, for images of one byte, against packets that are taken apart here on their own.
//
// The checksum's verdict is free (free_crc32.sv). Nothing is assumed of the bytes but that a broken one is not whole.
module link_receiver_properties #(
  parameter int WEIGHT_FRAMES = 0
) (
  input logic clk_i,
  input logic rst_ni,
  input logic [7:0] byte_data_i,
  input logic byte_valid_i,
  input logic byte_broken_i,
  input logic out_ready_i,
  input logic answer_ready_i
);
  localparam int Timeout = 3;

  logic since, out_valid, answer_valid, marked;
  logic [7:0] out_data;
  logic [2:0] answer_code;
  logic [15:0] answer_sequence, loaded;
  logic [1:0] level;

  reset_first #(
    .ONCE(1)
  ) u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  link_receiver #(
    .IMAGE_BYTES(1), .TIMEOUT_CLOCKS(Timeout), .BUFFER_BLOCK(0), .WEIGHT_FRAMES(WEIGHT_FRAMES)
  ) dut (
    .clk_i, .rst_ni, .byte_data_i, .byte_valid_i, .byte_broken_i, .out_data_o(out_data), .out_valid_o(out_valid),
    .out_ready_i, .answer_code_o(answer_code), .answer_sequence_o(answer_sequence), .answer_valid_o(answer_valid),
    .answer_ready_i, .loaded_o(loaded)
  );

  always_comb assume (!(byte_valid_i && byte_broken_i));

  stream_rules #(
    .WIDTH(8)
  ) u_out (
    .clk_i, .rst_ni, .data_i(out_data), .valid_i(out_valid), .ready_i(out_ready_i)
  );

  // The body between two flags: its bytes without escapes, counted up to one too many for an image.
  localparam int Most = 12;
  logic inside_q, escaped_q, flag, lost, closing;
  logic [3:0] count_q;
  logic [7:0] packet_type, value, payload_q;
  logic [15:0] sequence_q;
  logic [23:0] length;
  logic [2:0] silence_q;
  assign value = escaped_q ? byte_data_i ^ 8'h20 : byte_data_i;
  assign flag = byte_valid_i && byte_data_i == 8'h7E;
  assign closing = inside_q && count_q != 0 && flag;
  assign lost = inside_q && count_q != 0 && !flag && (byte_broken_i || silence_q == Timeout);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      inside_q <= 1'b0;
      escaped_q <= 1'b0;
      count_q <= '0;
    end else if (flag || lost) begin
      inside_q <= flag;
      escaped_q <= 1'b0;
      count_q <= '0;
    end else if (byte_valid_i && inside_q) begin
      escaped_q <= byte_data_i == 8'h7D && !escaped_q;
      if (byte_data_i != 8'h7D || escaped_q) begin
        if (count_q < Most) begin
          count_q <= count_q + 1'b1;
          case (count_q)
            4'd0: packet_type <= value;
            4'd1: sequence_q[7:0] <= value;
            4'd2: sequence_q[15:8] <= value;
            4'd3: length[7:0] <= value;
            4'd4: length[15:8] <= value;
            4'd5: length[23:16] <= value;
            4'd6: payload_q <= value;
            default: ;
          endcase
        end
      end
    end
    if (byte_valid_i) silence_q <= '0;
    else if (silence_q != Timeout) silence_q <= silence_q + 1'b1;
  end

  // What the packet is, by serial_link.sv.
  logic is_image, is_weights, whole, first, right_turn, accepted;
  logic [15:0] loaded_q;
  logic busy_q;  // a payload byte came while the image before was still in the memory
  assign is_image = packet_type == 8'd1;
  assign is_weights = packet_type == 8'd3 && WEIGHT_FRAMES > 0;
  assign whole = is_image || is_weights ? count_q == 11 && length == 24'd1 : count_q == 10 && length == 24'd0;
  assign first = loaded_q != 16'(WEIGHT_FRAMES);  // weights are still to come
  assign right_turn = is_weights && first && sequence_q == loaded_q && !busy_q;

  (* hierconn *) logic \dut.match ;
  logic [2:0] code;
  always_comb begin
    if (byte_broken_i) code = 3'd7;
    else if (lost) code = 3'd6;
    else if (!\dut.match ) code = 3'd3;
    else if (!is_image && !is_weights && packet_type != 8'd2) code = 3'd0;
    else if (!whole) code = 3'd4;
    else if (!is_image || first) code = 3'd2;
    else code = busy_q ? 3'd5 : 3'd1;
  end
  assign accepted = closing && answer_ready_i && (code == 3'd1 || (code == 3'd2 && right_turn));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) loaded_q <= '0;
    else if (accepted && is_weights) loaded_q <= loaded_q + 1'b1;
    if (flag || lost) busy_q <= 1'b0;
    else if (byte_valid_i && inside_q && count_q == 6 && (byte_data_i != 8'h7D || escaped_q)
             && level != 2'(out_valid)) busy_q <= 1'b1;
  end

  in_order #(
    .WIDTH(8), .CAPACITY(2)
  ) u_order (
    .clk_i, .rst_ni, .since_i(since), .in_data_i(payload_q), .in_take_i(accepted), .out_data_i(out_data),
    .out_valid_i(out_valid), .out_take_i(out_valid && out_ready_i), .level_o(level), .ahead_o(), .marked_o(marked),
    .marked_data_o()
  );

  (* hierconn *) logic \dut.inside_q ;
  (* hierconn *) logic \dut.escaped_q ;
  (* hierconn *) logic [7:0] \dut.type_q ;
  (* hierconn *) logic \dut.overrun_q ;
  (* hierconn *) logic \dut.pending_q ;
  (* hierconn *) logic [2:0] \dut.header_q ;
  (* hierconn *) logic [2:0] \dut.index_q ;
  logic heard_q;  // a byte has come since reset, and with it the clock of silence is right
  always_ff @(posedge clk_i) heard_q <= rst_ni && (heard_q || byte_valid_i);
  always_comb begin
    if (since && heard_q) begin
      assert (answer_valid == (closing || lost));  // every packet has one answer
      if (answer_valid) begin
        assert (answer_code == code);
        if (count_q >= 3) assert (answer_sequence == sequence_q);
      end
      assert (loaded == loaded_q);
      assert (\dut.inside_q == inside_q && (!inside_q || \dut.escaped_q == escaped_q));
      if (inside_q) assert (\dut.header_q == (count_q < 6 ? 3'(count_q) : 3'd6));
      if (inside_q) assert (\dut.index_q == (count_q < 6 ? 3'd0 : 3'(count_q - 4'd6)));
      if (inside_q && count_q > 0) assert (\dut.type_q == packet_type);
      if (inside_q) assert (\dut.overrun_q == busy_q);
      assert (\dut.pending_q == (level != 2'(out_valid)));
      if (inside_q) assert (\dut.header_q <= 6 && \dut.index_q <= 6);
    end
  end

  always_comb cover (since && rst_ni && marked && out_valid && out_ready_i);
endmodule
