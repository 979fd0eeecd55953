// Properties of link_transmitter, for results of one byte: the packets that leave are taken apart here.
//
// The checksum's value is free (free_crc32.sv), which bytes it is taken of is not.
module link_transmitter_properties (
  input logic clk_i,
  input logic rst_ni,
  input logic [2:0] answer_code_i,
  input logic [15:0] answer_sequence_i,
  input logic answer_valid_i,
  input logic [7:0] score_data_i,
  input logic score_valid_i,
  input logic out_ready_i
);
  localparam logic [63:0] Hash = 64'h7E7D_0000_0000_0001;

  logic since, answer_ready, score_ready, out_valid, out_take, marked;
  logic [7:0] out_data;

  reset_first #(
    .ONCE(1)
  ) u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  link_transmitter #(
    .RESULT_BYTES(1), .DESIGN_HASH(Hash)
  ) dut (
    .clk_i, .rst_ni, .answer_code_i, .answer_sequence_i, .answer_valid_i, .answer_ready_o(answer_ready),
    .loaded_i(16'b0), .score_data_i, .score_valid_i, .score_ready_o(score_ready), .out_data_o(out_data),
    .out_valid_o(out_valid), .out_ready_i
  );

  stream_assumptions #(
    .WIDTH(19)
  ) u_answers (
    .clk_i, .rst_ni, .data_i({answer_code_i, answer_sequence_i}), .valid_i(answer_valid_i), .ready_i(answer_ready)
  );
  stream_assumptions #(
    .WIDTH(8)
  ) u_scores (
    .clk_i, .rst_ni, .data_i(score_data_i), .valid_i(score_valid_i), .ready_i(score_ready)
  );
  stream_rules #(
    .WIDTH(8)
  ) u_out (
    .clk_i, .rst_ni, .data_i(out_data), .valid_i(out_valid), .ready_i(out_ready_i)
  );

  assign out_take = out_valid && out_ready_i;

  keeps_going #(
    .CLOCKS(2)
  ) u_going (
    .clk_i, .rst_ni, .offered_i(answer_valid_i && score_valid_i && out_ready_i), .moves_i(out_valid)
  );

  // The answer of the packet that leaves: the one that is offered, or the last that was taken, as its end may lie in
  // the registers behind.
  logic [18:0] taken_q, answer;
  logic behind_q, closes;
  assign answer = behind_q ? taken_q : {answer_code_i, answer_sequence_i};
  always_ff @(posedge clk_i) begin
    if (!rst_ni) behind_q <= 1'b0;
    else if (answer_valid_i && answer_ready) behind_q <= 1'b1;
    else if (closes) behind_q <= 1'b0;
    if (answer_valid_i && answer_ready) taken_q <= {answer_code_i, answer_sequence_i};
  end

  // The place in the packet: 0 the opening flag, then the body's bytes without escapes, then the closing flag.
  logic [4:0] place_q, payload;
  logic escaped_q, is_flag, in_check;
  logic [7:0] value, expected;
  logic [23:0] length;
  (* hierconn *) logic [31:0] \dut.crc ;
  assign payload = answer[18:16] == 3'd1 ? 5'd1 : answer[18:16] == 3'd2 ? 5'd9 : 5'd0;
  assign length = 24'(payload);
  assign is_flag = place_q == 0 || place_q == 5'd11 + payload;
  assign in_check = place_q >= 5'd7 + payload && !is_flag;
  assign value = escaped_q ? out_data ^ 8'h20 : out_data;
  assign closes = out_take && place_q == 5'd11 + payload;
  always_comb begin
    expected = '0;
    if (is_flag) expected = 8'h7E;
    else if (in_check) expected = \dut.crc [8*2'(place_q-5'd7-payload)+:8];
    else begin
      case (place_q)
        5'd1: expected = 8'(answer[18:16]);
        5'd2: expected = answer[7:0];
        5'd3: expected = answer[15:8];
        5'd4: expected = length[7:0];
        5'd5: expected = length[15:8];
        5'd6: expected = length[23:16];
        5'd7: expected = answer[18:16] == 3'd1 ? value : 8'd1;  // a score is held to its order below; the version
        default: expected = Hash[8*3'(place_q-5'd8)+:8];
      endcase
    end
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      place_q <= '0;
      escaped_q <= 1'b0;
    end else if (out_take) begin
      escaped_q <= !is_flag && !escaped_q && out_data == 8'h7D;
      if (is_flag || escaped_q || out_data != 8'h7D) place_q <= closes ? '0 : place_q + 1'b1;
    end
  end

  logic complete;  // a byte's last part, or its only one
  assign complete = out_valid && (is_flag || escaped_q || out_data != 8'h7D);

  in_order #(
    .WIDTH(8), .CAPACITY(2)
  ) u_score_order (
    .clk_i, .rst_ni, .since_i(since), .in_data_i(score_data_i), .in_take_i(score_valid_i && score_ready),
    .out_data_i(value), .out_valid_i(complete && place_q == 7 && payload == 1),
    .out_take_i(complete && out_ready_i && place_q == 7 && payload == 1), .level_o(), .ahead_o(), .marked_o(marked),
    .marked_data_o()
  );

  // The checksum is taken of the bytes before it, in their order.
  (* hierconn *) logic \dut.u_crc.valid_i ;
  (* hierconn *) logic [7:0] \dut.u_crc.data_i ;
  in_order #(
    .WIDTH(8), .CAPACITY(2)
  ) u_check_order (
    .clk_i, .rst_ni, .since_i(since), .in_data_i(\dut.u_crc.data_i ), .in_take_i(\dut.u_crc.valid_i ),
    .out_data_i(value), .out_valid_i(complete && !is_flag && !in_check),
    .out_take_i(complete && out_ready_i && !is_flag && !in_check), .level_o(), .ahead_o(), .marked_o(),
    .marked_data_o()
  );

  always_comb begin
    if (since && rst_ni && out_valid) begin
      if (complete) assert (value == expected);
      else assert (expected == 8'h7E || expected == 8'h7D || place_q == 7);  // escaped only where it must be
      if (!is_flag && escaped_q) assert (value == 8'h7E || value == 8'h7D);
      if (!is_flag) assert (out_data != 8'h7E);
    end
  end

  always_comb cover (since && rst_ni && closes && payload == 1);
endmodule
