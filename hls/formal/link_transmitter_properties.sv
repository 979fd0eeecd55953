// Properties of link_transmitter, for results of one byte: the packets that leave are taken apart here on their own.
//
// The checksum is any number (free_crc32.sv). Of the answers it is assumed that they wait until they are taken.
module link_transmitter_properties #(
  parameter logic [63:0] DESIGN_HASH = 64'h7E01_7D02_0304_055E  // with bytes that must be escaped
) (
  input logic clk_i,
  input logic rst_ni,
  input logic [2:0] answer_code_i,
  input logic [15:0] answer_sequence_i,
  input logic answer_valid_i,
  input logic [7:0] score_data_i,
  input logic score_valid_i,
  input logic out_ready_i
);
  localparam logic [2:0] Result = 3'd1;
  localparam logic [2:0] Identity = 3'd2;
  localparam logic [4:0] HeaderBytes = 5'd6;
  localparam logic [4:0] CrcBytes = 5'd4;

  logic since, answer_ready, score_ready, out_valid, take;
  logic [7:0] out_data;

  reset_first #(
    .ONCE(1)
  ) u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  stream_assumptions #(
    .WIDTH(19)
  ) u_answers (
    .clk_i, .rst_ni, .data_i({answer_code_i, answer_sequence_i}), .valid_i(answer_valid_i), .ready_i(answer_ready)
  );

  link_transmitter #(
    .RESULT_BYTES(1), .DESIGN_HASH(DESIGN_HASH)
  ) dut (
    .clk_i, .rst_ni, .answer_code_i, .answer_sequence_i, .answer_valid_i, .answer_ready_o(answer_ready),
    .loaded_i(16'd0), .score_data_i, .score_valid_i, .score_ready_o(score_ready), .out_data_o(out_data),
    .out_valid_o(out_valid), .out_ready_i
  );

  stream_rules #(
    .WIDTH(8)
  ) u_out (
    .clk_i, .rst_ni, .data_i(out_data), .valid_i(out_valid), .ready_i(out_ready_i)
  );

  keeps_going #(
    .CLOCKS(3)
  ) u_going (
    .clk_i, .rst_ni, .offered_i(answer_valid_i && score_valid_i && out_ready_i), .moves_i(out_valid)
  );

  // The packet that leaves: its bytes behind the opening flag, without escapes.
  logic inside_q, escaped_q, flag, escape;
  logic [4:0] count_q;
  logic [7:0] value;
  assign take = out_valid && out_ready_i;
  assign flag = out_data == 8'h7E;
  assign escape = out_data == 8'h7D && !escaped_q;
  assign value = escaped_q ? out_data ^ 8'h20 : out_data;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      inside_q <= 1'b0;
      escaped_q <= 1'b0;
      count_q <= '0;
    end else if (take && flag) begin
      inside_q <= !inside_q;
      count_q <= '0;
    end else if (take) begin
      escaped_q <= escape;
      if (!escape) count_q <= count_q + 1'b1;
    end
  end

  // Its answer still waits when the first byte leaves: an answer is taken with the closing flag.
  logic [2:0] code_q, code;
  logic [15:0] sequence_q, number;
  assign code = count_q == 0 ? answer_code_i : code_q;
  assign number = count_q == 0 ? answer_sequence_i : sequence_q;
  always_ff @(posedge clk_i) begin
    if (inside_q && count_q == 0) begin
      code_q <= answer_code_i;
      sequence_q <= answer_sequence_i;
    end
  end

  logic answer_take, score_take, scored_q, owed_q;  // owed: an answer is taken, and its closing flag has not left
  logic [7:0] score_q;
  assign answer_take = answer_valid_i && answer_ready;
  assign score_take = score_valid_i && score_ready;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      scored_q <= 1'b0;
      owed_q <= 1'b0;
    end else begin
      if (answer_take) scored_q <= 1'b0;
      else if (score_take) scored_q <= 1'b1;
      if (answer_take) owed_q <= 1'b1;
      else if (take && flag && inside_q) owed_q <= 1'b0;
    end
    if (score_take) score_q <= score_data_i;
  end

  // What each byte must be, by serial_link.sv, the opening flag being byte 0; of the checksum, what the checksum says.
  (* hierconn *) logic [31:0] \dut.u_crc.crc ;
  logic [4:0] payload_bytes, total;
  logic [47:0] header;
  logic [71:0] self;
  assign payload_bytes = code == Result ? 5'd1 : code == Identity ? 5'd9 : 5'd0;
  assign total = HeaderBytes + payload_bytes + CrcBytes;
  assign header = {19'd0, payload_bytes, number, 5'd0, code};
  assign self = {DESIGN_HASH, 8'd1};

  function automatic logic [8:0] byte_at(input logic [4:0] place);  // and whether it is a flag
    logic [4:0] in_header, in_payload, in_crc;
    in_header  = place - 5'd1;
    in_payload = in_header - HeaderBytes;
    in_crc     = in_payload - payload_bytes;
    if (place == 0 || place > total) byte_at = {1'b1, 8'h7E};
    else if (in_header < HeaderBytes) byte_at = {1'b0, header[8*in_header[2:0]+:8]};
    else if (in_payload < payload_bytes) byte_at = {1'b0, code == Result ? score_q : self[8*in_payload[3:0]+:8]};
    else byte_at = {1'b0, \dut.u_crc.crc [8*in_crc[1:0]+:8]};
  endfunction

  // Where the design is: the byte that it chooses next is as many behind the one that leaves as lie between.
  (* hierconn *) logic [2:0] \dut.part_q ;
  (* hierconn *) logic [3:0] \dut.position_q ;
  (* hierconn *) logic \dut.escaped_q ;
  (* hierconn *) logic [8:0] \dut.u_chosen.out_data_o ;
  (* hierconn *) logic \dut.u_chosen.out_valid_o ;
  (* hierconn *) logic \dut.u_chosen.gen_registers.spare_valid_q ;
  (* hierconn *) logic [8:0] \dut.u_chosen.gen_registers.spare_q ;
  logic [4:0] leaving, between, chosen, start, waiting_payload;
  assign leaving = inside_q ? count_q + 5'd1 : 5'd0;
  assign between = 5'(\dut.u_chosen.out_valid_o ) + 5'(\dut.u_chosen.gen_registers.spare_valid_q );
  assign waiting_payload = answer_code_i == Result ? 5'd1 : answer_code_i == Identity ? 5'd9 : 5'd0;
  always_comb begin
    case (\dut.part_q )
      3'd0: start = 5'd0;
      3'd1: start = 5'd1;
      3'd2: start = 5'd1 + HeaderBytes;
      3'd3: start = 5'd1 + HeaderBytes + waiting_payload;
      default: start = 5'd1 + HeaderBytes + waiting_payload + CrcBytes;
    endcase
  end
  assign chosen = start + 5'(\dut.position_q );

  always_comb begin
    if (since) begin
      assert (\dut.part_q <= 4);
      case (\dut.part_q )
        3'd1: assert (\dut.position_q < HeaderBytes);
        3'd2: assert (5'(\dut.position_q ) < waiting_payload);
        3'd3: assert (\dut.position_q < CrcBytes);
        default: assert (\dut.position_q == 0);
      endcase
      if (chosen != 0) assert (answer_valid_i);
      assert (leaving + between == chosen + (owed_q ? total + 5'd2 : 5'd0));
      assert (!owed_q || (inside_q && count_q != 0));
      if (inside_q && count_q != 0 && !owed_q) assert (code_q == answer_code_i && sequence_q == answer_sequence_i);
      assert (scored_q == (answer_code_i == Result && chosen > 5'd1 + HeaderBytes));
      assert (!\dut.u_chosen.gen_registers.spare_valid_q || \dut.u_chosen.out_valid_o );
      if (\dut.u_chosen.out_valid_o ) assert (\dut.u_chosen.out_data_o == byte_at(leaving));
      if (\dut.u_chosen.gen_registers.spare_valid_q ) begin
        assert (\dut.u_chosen.gen_registers.spare_q == byte_at(leaving + 5'd1));
      end
      assert (\dut.escaped_q == escaped_q);
      if (escaped_q) assert (out_valid && inside_q && (value == 8'h7E || value == 8'h7D));
    end
  end

  always_comb begin
    if (since && rst_ni) begin
      if (answer_take) assert (inside_q && !owed_q && scored_q == (answer_code_i == Result));
      if (score_take) assert (answer_valid_i && answer_code_i == Result && !scored_q);
      if (out_valid && flag) assert (!escaped_q && (!inside_q || (count_q == total && owed_q)));
      if (out_valid && !flag) begin
        assert (inside_q && count_q < total);
        if (!escape) assert ({1'b0, value} == byte_at(leaving));
      end
    end
  end

  always_comb cover (since && rst_ni && take && flag && inside_q && code == Result);
endmodule
