// Packs answers into packets for a serial line (serial_link.sv says what they are).
//
// Streams: answers in (a code and a sequence number each), RESULT_BYTES bytes of scores for every answer RESULT, bytes
// of the line out. Answers leave in the order in which they come.
// Does not: keep a packet that has been sent.
module link_transmitter #(
  parameter int RESULT_BYTES = 1,
  parameter int WEIGHT_FRAMES = 0,
  parameter logic [63:0] DESIGN_HASH = '0
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [2:0]  answer_code_i,
  input  logic [15:0] answer_sequence_i,
  input  logic        answer_valid_i,
  output logic        answer_ready_o,
  input  logic [15:0] loaded_i,
  input  logic [7:0]  score_data_i,
  input  logic        score_valid_i,
  output logic        score_ready_o,
  output logic [7:0]  out_data_o,
  output logic        out_valid_o,
  input  logic        out_ready_i
);

  localparam logic [7:0] Flag = 8'h7E;
  localparam logic [7:0] Escape = 8'h7D;
  localparam logic [7:0] Version = 8'd1;
  localparam logic [2:0] Result = 3'd1;
  localparam logic [2:0] Identity = 3'd2;

  localparam logic [2:0] Opening = 3'd0;
  localparam logic [2:0] Header = 3'd1;
  localparam logic [2:0] Payload = 3'd2;
  localparam logic [2:0] Check = 3'd3;
  localparam logic [2:0] Closing = 3'd4;

  localparam int HeaderBytes = 6;
  localparam int IdentityBytes = WEIGHT_FRAMES > 0 ? 11 : 9;
  localparam int CrcBytes = 4;
  localparam int MostBytes = RESULT_BYTES > IdentityBytes ? RESULT_BYTES : IdentityBytes;
  localparam int PositionBits = $clog2(MostBytes);

  if (RESULT_BYTES < 1 || RESULT_BYTES >= (1 << 24)) begin : gen_unmet_result_bytes_fit_their_field
    link_transmitter_requires_that_result_bytes_fit_their_field violated ();
  end
  if (WEIGHT_FRAMES < 0 || WEIGHT_FRAMES >= (1 << 16)) begin : gen_unmet_weight_frames_fit_their_field
    link_transmitter_requires_that_weight_frames_fit_their_field violated ();
  end

  logic [8*IdentityBytes-1:0] self;

  logic [2:0]              part_q;
  logic [PositionBits-1:0] position_q;  // within the part
  logic                    escaped_q;   // the byte's escape has been sent

  logic        is_result, is_identity, is_flag, valid, ready, take, last;
  logic [7:0]  value;
  logic [23:0] length;
  logic [47:0] header;
  logic [31:0] crc;

  assign is_result   = answer_code_i == Result;
  assign is_identity = answer_code_i == Identity;
  assign length      = is_result ? 24'(RESULT_BYTES) : is_identity ? 24'(IdentityBytes) : 24'd0;
  assign header      = {length, answer_sequence_i, 5'b0, answer_code_i};

  always_comb begin
    case (part_q)
      Header: begin
        value = header[8*position_q[2:0]+:8];
        last  = position_q == PositionBits'(HeaderBytes - 1);
      end
      Payload: begin
        value = is_result ? score_data_i : self[8*position_q[3:0]+:8];
        last  = position_q == (is_result ? PositionBits'(RESULT_BYTES - 1) : PositionBits'(IdentityBytes - 1));
      end
      Check: begin
        value = crc[8*position_q[1:0]+:8];
        last  = position_q == PositionBits'(CrcBytes - 1);
      end
      default: begin
        value = Flag;
        last  = 1'b1;
      end
    endcase
  end

  if (WEIGHT_FRAMES > 0) begin : gen_loaded
    logic [15:0] loaded_q;  // as an answer begins: it stays the same in the answer's two bytes
    always_ff @(posedge clk_i) begin
      if (part_q == Opening) loaded_q <= loaded_i;
    end
    assign self = {loaded_q, DESIGN_HASH, Version};
  end else begin : gen_nothing_loaded
    assign self = {DESIGN_HASH, Version};
  end

  assign is_flag        = part_q == Opening || part_q == Closing;
  assign valid          = answer_valid_i && (part_q != Payload || !is_result || score_valid_i);
  assign take           = valid && ready;
  assign score_ready_o  = take && part_q == Payload && is_result;
  assign answer_ready_o = take && part_q == Closing;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      part_q     <= Opening;
      position_q <= '0;
    end else if (take) begin
      if (last) begin
        position_q <= '0;
        case (part_q)
          Opening: part_q <= Header;
          Header:  part_q <= is_result || is_identity ? Payload : Check;
          Payload: part_q <= Check;
          Check:   part_q <= Closing;
          default: part_q <= Opening;
        endcase
      end else begin
        position_q <= position_q + 1'b1;
      end
    end
  end

  crc32 u_crc (
    .clk_i  (clk_i),
    .clear_i(part_q == Opening),
    .data_i (value),
    .valid_i(take && (part_q == Header || part_q == Payload)),
    .crc_o  (crc),
    .match_o()
  );

  // Bytes pass a register between what chooses them and what escapes them: one of the two is enough for a clock.
  logic [7:0] chosen;
  logic       chosen_is_flag, chosen_valid, special, done;
  fifo #(
    .WIDTH       (9),
    .DEPTH       (2)
  ) u_chosen (
    .clk_i      (clk_i),
    .rst_ni     (rst_ni),
    .in_data_i  ({is_flag, value}),
    .in_valid_i (valid),
    .in_ready_o (ready),
    .out_data_o ({chosen_is_flag, chosen}),
    .out_valid_o(chosen_valid),
    .out_ready_i(done)
  );

  assign special     = (chosen == Flag || chosen == Escape) && !chosen_is_flag;
  assign out_data_o  = !special ? chosen : escaped_q ? chosen ^ 8'h20 : Escape;
  assign out_valid_o = chosen_valid;
  assign done        = out_ready_i && (!special || escaped_q);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) escaped_q <= 1'b0;
    else if (out_valid_o && out_ready_i) escaped_q <= !done;
  end

endmodule
