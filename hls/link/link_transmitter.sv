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

  localparam logic [7:0] FLAG = 8'h7E;
  localparam logic [7:0] ESCAPE = 8'h7D;
  localparam logic [7:0] VERSION = 8'd1;
  localparam logic [2:0] RESULT = 3'd1;
  localparam logic [2:0] IDENTITY = 3'd2;

  localparam logic [2:0] OPENING = 3'd0;
  localparam logic [2:0] HEADER = 3'd1;
  localparam logic [2:0] PAYLOAD = 3'd2;
  localparam logic [2:0] CHECK = 3'd3;
  localparam logic [2:0] CLOSING = 3'd4;

  localparam int HEADER_BYTES = 6;
  localparam int IDENTITY_BYTES = WEIGHT_FRAMES > 0 ? 11 : 9;
  localparam int CRC_BYTES = 4;
  localparam int MOST_BYTES = RESULT_BYTES > IDENTITY_BYTES ? RESULT_BYTES : IDENTITY_BYTES;
  localparam int POSITION_BITS = $clog2(MOST_BYTES);

  logic [8*IDENTITY_BYTES-1:0] self;

  logic [2:0]               part_q;
  logic [POSITION_BITS-1:0] position_q;  // within the part
  logic                     escaped_q;   // the byte's escape has been sent

  logic        is_result, is_identity, is_flag, valid, ready, take, last;
  logic [7:0]  value;
  logic [23:0] length;
  logic [47:0] header;
  logic [31:0] crc;

  assign is_result   = answer_code_i == RESULT;
  assign is_identity = answer_code_i == IDENTITY;
  assign length      = is_result ? 24'(RESULT_BYTES) : is_identity ? 24'(IDENTITY_BYTES) : 24'd0;
  assign header      = {length, answer_sequence_i, 5'b0, answer_code_i};

  always_comb begin
    case (part_q)
      HEADER: begin
        value = header[8*position_q[2:0]+:8];
        last  = position_q == POSITION_BITS'(HEADER_BYTES - 1);
      end
      PAYLOAD: begin
        value = is_result ? score_data_i : self[8*position_q[3:0]+:8];
        last  = position_q == (is_result ? POSITION_BITS'(RESULT_BYTES - 1) : POSITION_BITS'(IDENTITY_BYTES - 1));
      end
      CHECK: begin
        value = crc[8*position_q[1:0]+:8];
        last  = position_q == POSITION_BITS'(CRC_BYTES - 1);
      end
      default: begin
        value = FLAG;
        last  = 1'b1;
      end
    endcase
  end

  if (WEIGHT_FRAMES > 0) begin : gen_loaded
    logic [15:0] loaded_q;  // as an answer begins: it stays the same in the answer's two bytes
    always_ff @(posedge clk_i) begin
      if (part_q == OPENING) loaded_q <= loaded_i;
    end
    assign self = {loaded_q, DESIGN_HASH, VERSION};
  end else begin : gen_nothing_loaded
    assign self = {DESIGN_HASH, VERSION};
  end

  assign is_flag        = part_q == OPENING || part_q == CLOSING;
  assign valid          = answer_valid_i && (part_q != PAYLOAD || !is_result || score_valid_i);
  assign take           = valid && ready;
  assign score_ready_o  = take && part_q == PAYLOAD && is_result;
  assign answer_ready_o = take && part_q == CLOSING;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      part_q     <= OPENING;
      position_q <= '0;
    end else if (take) begin
      if (last) begin
        position_q <= '0;
        case (part_q)
          OPENING: part_q <= HEADER;
          HEADER:  part_q <= is_result || is_identity ? PAYLOAD : CHECK;
          PAYLOAD: part_q <= CHECK;
          CHECK:   part_q <= CLOSING;
          default: part_q <= OPENING;
        endcase
      end else begin
        position_q <= position_q + 1'b1;
      end
    end
  end

  crc32 u_crc (
    .clk_i  (clk_i),
    .clear_i(part_q == OPENING),
    .data_i (value),
    .valid_i(take && (part_q == HEADER || part_q == PAYLOAD)),
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

  assign special     = (chosen == FLAG || chosen == ESCAPE) && !chosen_is_flag;
  assign out_data_o  = !special ? chosen : escaped_q ? chosen ^ 8'h20 : ESCAPE;
  assign out_valid_o = chosen_valid;
  assign done        = out_ready_i && (!special || escaped_q);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) escaped_q <= 1'b0;
    else if (out_valid_o && out_ready_i) escaped_q <= !done;
  end

endmodule
