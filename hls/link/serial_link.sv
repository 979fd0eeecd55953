// A network's streams over a serial line (UART): images in, scores out, both in packets that are checked.
//
// A packet, either way: a flag (7E), the body, a flag. In the body a byte 7E or 7D is sent as 7D and the byte xor 20
// (the framing of HDLC, RFC 1662), so a flag is always a border, and a lost byte spoils one packet and not the next.
//   body:     type (1 byte), sequence number (2), length of the payload (3), payload, CRC-32 of all before it (4);
//             numbers are sent with the lowest byte first
//   requests: 1 IMAGE: the beats of one image, IN_BYTES each, lowest byte first; 2 IDENTIFY: no payload; 3 WEIGHTS:
//             beats like those of an image
//   answers:  1 RESULT: OUT_BEATS scores and classes, OUT_BYTES each, lowest byte first; 2 IDENTITY: the protocol's
//             version (1 byte) and DESIGN_HASH (8); refusals without a payload: 0 unknown type, 3 bad CRC, 4 wrong
//             length, 5 overrun (the network was not done with the images before), 6 the packet stalled, 7 a byte
//             without a stop bit (break, wrong baud rate)
// A design with WEIGHT_FRAMES > 0 takes so many packets of WEIGHTS after a reset, before any image. Their sequence
// numbers count from 0, and one is taken only in its turn. The answer is IDENTITY, to which such a design adds (2
// bytes) how many it has by then; so is the answer to an IMAGE that comes too early, which is not taken either.
// Every request has one answer, which carries its sequence number, in the order of the requests. The number in a
// refusal comes from a packet that may be damaged. A result depends on its own image alone, so an image without an
// answer may simply be sent again. At most ANSWERS requests may wait for their answers; more are lost without one.
// TIMEOUT_CLOCKS is the longest silence within a packet.
// Does not: control the flow (RTS/CTS); acknowledge answers.
module serial_link #(
  parameter int CLOCKS_PER_BIT = 8,
  parameter int TIMEOUT_CLOCKS = 5000,
  parameter int IN_BYTES = 1,
  parameter int IN_BEATS = 1,
  parameter int OUT_BYTES = 1,
  parameter int OUT_BEATS = 1,
  parameter logic [63:0] DESIGN_HASH = '0,
  parameter int ANSWERS = 8,
  parameter int BUFFER_BLOCK = 1,
  parameter int WEIGHT_FRAMES = 0
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic                   rx_i,
  output logic                   tx_o,
  output logic [8*IN_BYTES-1:0]  image_data_o,
  output logic                   image_valid_o,
  input  logic                   image_ready_i,
  output logic                   image_last_o,
  input  logic [8*OUT_BYTES-1:0] score_data_i,
  input  logic                   score_valid_i,
  output logic                   score_ready_o
);

  localparam int CodeBits = 3;
  localparam int SequenceBits = 16;
  localparam int AnswerBits = CodeBits + SequenceBits;

  if (IN_BYTES < 1 || IN_BEATS < 1 || OUT_BYTES < 1 || OUT_BEATS < 1) begin : gen_unmet_sizes_are_positive
    serial_link_requires_that_sizes_are_positive violated ();
  end
  if (ANSWERS < 2) begin : gen_unmet_answers_are_two_or_more
    serial_link_requires_that_answers_are_two_or_more violated ();
  end

  logic [7:0]             rx_data, image_byte, score_byte, tx_data;
  logic                   rx_valid, rx_broken;
  logic                   image_byte_valid, image_byte_ready;
  logic                   score_byte_valid, score_byte_ready;
  logic [8*OUT_BYTES-1:0] score_data;
  logic                   score_valid, score_ready;
  logic                   tx_valid, tx_ready;
  logic [AnswerBits-1:0]  due, answer;
  logic                   due_valid, due_ready, answer_valid, answer_ready;
  logic [15:0]            loaded;

  uart_rx #(
    .CLOCKS_PER_BIT(CLOCKS_PER_BIT)
  ) u_rx (
    .clk_i   (clk_i),
    .rst_ni  (rst_ni),
    .rx_i    (rx_i),
    .data_o  (rx_data),
    .valid_o (rx_valid),
    .broken_o(rx_broken)
  );

  link_receiver #(
    .IMAGE_BYTES   (IN_BYTES * IN_BEATS),
    .TIMEOUT_CLOCKS(TIMEOUT_CLOCKS),
    .BUFFER_BLOCK  (BUFFER_BLOCK),
    .WEIGHT_FRAMES (WEIGHT_FRAMES)
  ) u_receiver (
    .clk_i            (clk_i),
    .rst_ni           (rst_ni),
    .byte_data_i      (rx_data),
    .byte_valid_i     (rx_valid),
    .byte_broken_i    (rx_broken),
    .out_data_o       (image_byte),
    .out_valid_o      (image_byte_valid),
    .out_ready_i      (image_byte_ready),
    .answer_code_o    (due[CodeBits-1:0]),
    .answer_sequence_o(due[AnswerBits-1:CodeBits]),
    .answer_valid_o   (due_valid),
    .answer_ready_i   (due_ready),
    .loaded_o         (loaded)
  );

  if (IN_BYTES == 1) begin : gen_image_bytes
    assign image_data_o     = image_byte;
    assign image_valid_o    = image_byte_valid;
    assign image_byte_ready = image_ready_i;
  end else begin : gen_image_beats
    width_converter #(
      .IN_WIDTH (8),
      .OUT_WIDTH(8 * IN_BYTES)
    ) u_widen (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .in_data_i  (image_byte),
      .in_valid_i (image_byte_valid),
      .in_ready_o (image_byte_ready),
      .out_data_o (image_data_o),
      .out_valid_o(image_valid_o),
      .out_ready_i(image_ready_i)
    );
  end

  frame_last #(
    .BEATS(IN_BEATS)
  ) u_last (
    .clk_i  (clk_i),
    .rst_ni (rst_ni),
    .valid_i(image_valid_o),
    .ready_i(image_ready_i),
    .last_o (image_last_o)
  );

  fifo #(
    .WIDTH       (AnswerBits),
    .DEPTH       (ANSWERS)
  ) u_answers (
    .clk_i      (clk_i),
    .rst_ni     (rst_ni),
    .in_data_i  (due),
    .in_valid_i (due_valid),
    .in_ready_o (due_ready),
    .out_data_o (answer),
    .out_valid_o(answer_valid),
    .out_ready_i(answer_ready)
  );

  // Cuts the path from the transmitter's ready into the network.
  fifo #(
    .WIDTH       (8 * OUT_BYTES),
    .DEPTH       (2)
  ) u_scores (
    .clk_i      (clk_i),
    .rst_ni     (rst_ni),
    .in_data_i  (score_data_i),
    .in_valid_i (score_valid_i),
    .in_ready_o (score_ready_o),
    .out_data_o (score_data),
    .out_valid_o(score_valid),
    .out_ready_i(score_ready)
  );

  if (OUT_BYTES == 1) begin : gen_score_bytes
    assign score_byte       = score_data;
    assign score_byte_valid = score_valid;
    assign score_ready      = score_byte_ready;
  end else begin : gen_score_beats
    width_converter #(
      .IN_WIDTH (8 * OUT_BYTES),
      .OUT_WIDTH(8)
    ) u_narrow (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .in_data_i  (score_data),
      .in_valid_i (score_valid),
      .in_ready_o (score_ready),
      .out_data_o (score_byte),
      .out_valid_o(score_byte_valid),
      .out_ready_i(score_byte_ready)
    );
  end

  link_transmitter #(
    .RESULT_BYTES (OUT_BYTES * OUT_BEATS),
    .WEIGHT_FRAMES(WEIGHT_FRAMES),
    .DESIGN_HASH  (DESIGN_HASH)
  ) u_transmitter (
    .clk_i            (clk_i),
    .rst_ni           (rst_ni),
    .answer_code_i    (answer[CodeBits-1:0]),
    .answer_sequence_i(answer[AnswerBits-1:CodeBits]),
    .answer_valid_i   (answer_valid),
    .answer_ready_o   (answer_ready),
    .loaded_i         (loaded),
    .score_data_i     (score_byte),
    .score_valid_i    (score_byte_valid),
    .score_ready_o    (score_byte_ready),
    .out_data_o       (tx_data),
    .out_valid_o      (tx_valid),
    .out_ready_i      (tx_ready)
  );

  uart_tx #(
    .CLOCKS_PER_BIT(CLOCKS_PER_BIT)
  ) u_tx (
    .clk_i     (clk_i),
    .rst_ni    (rst_ni),
    .in_data_i (tx_data),
    .in_valid_i(tx_valid),
    .in_ready_o(tx_ready),
    .tx_o      (tx_o)
  );

endmodule
