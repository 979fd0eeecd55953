// Unpacks and checks the packets that come over a serial line (serial_link.sv says what they are).
//
// Streams: image bytes out; and one answer that is due for each packet: its code (the numbers below) and the packet's
// sequence number. An image waits in a memory until its CRC has proved right, so nothing else reaches the network. The
// memory holds one image; the next one may follow on its heels as long as the network reads faster than the line
// brings bytes, otherwise it is refused (OVERRUN). An answer that finds answer_ready_i low is lost, its image too.
// With WEIGHT_FRAMES > 0, so many packets of WEIGHTS go the same way before the first image after a reset.
// After a packet that stalls for TIMEOUT_CLOCKS, and after a broken byte, everything up to the next flag is ignored.
module link_receiver #(
  parameter int IMAGE_BYTES = 1,
  parameter int TIMEOUT_CLOCKS = 5000,
  parameter int BUFFER_BLOCK = 1,
  parameter int WEIGHT_FRAMES = 0
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [7:0]  byte_data_i,
  input  logic        byte_valid_i,
  input  logic        byte_broken_i,
  output logic [7:0]  out_data_o,
  output logic        out_valid_o,
  input  logic        out_ready_i,
  output logic [2:0]  answer_code_o,
  output logic [15:0] answer_sequence_o,
  output logic        answer_valid_o,
  input  logic        answer_ready_i,
  output logic [15:0] loaded_o
);

  localparam logic [7:0] Flag = 8'h7E;
  localparam logic [7:0] Escape = 8'h7D;
  localparam logic [7:0] Image = 8'd1;
  localparam logic [7:0] Identify = 8'd2;
  localparam logic [7:0] Weights = 8'd3;

  localparam logic [2:0] UnknownType = 3'd0;
  localparam logic [2:0] Result = 3'd1;
  localparam logic [2:0] Identity = 3'd2;
  localparam logic [2:0] BadCrc = 3'd3;
  localparam logic [2:0] WrongLength = 3'd4;
  localparam logic [2:0] Overrun = 3'd5;
  localparam logic [2:0] TimedOut = 3'd6;
  localparam logic [2:0] LineBroken = 3'd7;

  localparam logic [2:0] Header = 3'd6;  // bytes before the payload
  localparam int CrcBytes = 4;
  localparam int IndexBits = $clog2(IMAGE_BYTES + CrcBytes + 2);
  localparam int AddressBits = IMAGE_BYTES > 1 ? $clog2(IMAGE_BYTES) : 1;
  localparam int TimerBits = $clog2(TIMEOUT_CLOCKS + 1);
  localparam logic [23:0] ImageLength = 24'(IMAGE_BYTES);

  if (IMAGE_BYTES < 1 || IMAGE_BYTES >= (1 << 24)) begin : gen_unmet_image_bytes_fit_their_field
    link_receiver_requires_that_image_bytes_fit_their_field violated ();
  end
  if (TIMEOUT_CLOCKS < 1) begin : gen_unmet_timeout_is_positive
    link_receiver_requires_that_timeout_is_positive violated ();
  end
  if (WEIGHT_FRAMES < 0 || WEIGHT_FRAMES >= (1 << 16)) begin : gen_unmet_weight_frames_fit_their_field
    link_receiver_requires_that_weight_frames_fit_their_field violated ();
  end

  logic                 inside_q;   // between two flags
  logic                 escaped_q;  // the byte before was an escape
  logic [2:0]           header_q;   // header bytes so far
  logic [IndexBits-1:0] index_q;    // bytes behind the header so far, the CRC included; stops one above the most
  logic [7:0]           type_q;
  logic                 wrong_length_q, overrun_q;
  logic [TimerBits-1:0] timer_q;

  logic       flag, escape, plain, started, closing, lost, is_image, is_weights, is_frame, loading, whole;
  logic [7:0] value, length_byte;

  logic                   pending_q;  // the memory holds an image that is right and not read to its end
  logic [AddressBits-1:0] read_q;
  logic                   payload, occupied, next_weights, accepted, fetch, last;

  assign flag    = byte_valid_i && byte_data_i == Flag;
  assign escape  = byte_valid_i && byte_data_i == Escape && !escaped_q;
  assign plain   = byte_valid_i && inside_q && !flag && !escape;
  assign value   = escaped_q ? byte_data_i ^ 8'h20 : byte_data_i;
  assign started = inside_q && header_q != '0;
  assign closing = started && flag;
  assign lost    = started && (byte_broken_i || timer_q == '0) && !flag;

  assign is_image    = type_q == Image;
  assign is_weights  = type_q == Weights && WEIGHT_FRAMES > 0;
  assign is_frame    = is_image || is_weights;
  assign length_byte = !is_frame ? 8'd0
                     : header_q == 3'd3 ? ImageLength[7:0]
                     : header_q == 3'd4 ? ImageLength[15:8] : ImageLength[23:16];
  assign whole = header_q == Header && !wrong_length_q
              && index_q == IndexBits'(CrcBytes + (is_frame ? IMAGE_BYTES : 0));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      inside_q  <= 1'b0;
      escaped_q <= 1'b0;
      header_q  <= '0;
    end else if (flag || lost) begin
      inside_q       <= flag;
      escaped_q      <= 1'b0;
      header_q       <= '0;
      index_q        <= '0;
      wrong_length_q <= 1'b0;
      overrun_q      <= 1'b0;
    end else begin
      if (byte_valid_i) escaped_q <= inside_q && escape;
      if (plain && header_q != Header) header_q <= header_q + 1'b1;
      if (plain && header_q == Header && index_q != IndexBits'(IMAGE_BYTES + CrcBytes + 1)) begin
        index_q <= index_q + 1'b1;
      end
      if (plain && header_q >= 3'd3 && header_q != Header && value != length_byte) wrong_length_q <= 1'b1;
      if (occupied) overrun_q <= 1'b1;
    end
    if (plain && header_q == 3'd0) type_q <= value;
    if (plain && header_q == 3'd1) answer_sequence_o[7:0] <= value;
    if (plain && header_q == 3'd2) answer_sequence_o[15:8] <= value;
    timer_q <= byte_valid_i ? TimerBits'(TIMEOUT_CLOCKS) : timer_q - TimerBits'(timer_q != '0);
  end

  logic match;
  crc32 u_crc (
    .clk_i  (clk_i),
    .clear_i(flag),
    .data_i (value),
    .valid_i(plain),
    .crc_o  (),
    .match_o(match)
  );

  assign answer_valid_o = closing || lost;
  always_comb begin
    if (byte_broken_i) answer_code_o = LineBroken;
    else if (!closing) answer_code_o = TimedOut;
    else if (!match) answer_code_o = BadCrc;
    else if (!is_frame && type_q != Identify) answer_code_o = UnknownType;
    else if (!whole) answer_code_o = WrongLength;
    else if (!is_image || loading) answer_code_o = Identity;
    else answer_code_o = overrun_q ? Overrun : Result;
  end

  if (WEIGHT_FRAMES > 0) begin : gen_weights
    logic [15:0] loaded_q;
    assign loading      = loaded_q != 16'(WEIGHT_FRAMES);
    assign next_weights = is_weights && answer_code_o == Identity && loading && answer_sequence_o == loaded_q
                       && !overrun_q;
    assign loaded_o     = loaded_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) loaded_q <= '0;
      else if (accepted && is_weights) loaded_q <= loaded_q + 1'b1;
    end
  end else begin : gen_no_weights
    assign loading      = 1'b0;
    assign next_weights = 1'b0;
    assign loaded_o     = '0;
  end

  // The image: written while it comes in, read once its CRC is right. A byte of the next image may take the place of
  // one that has been read.
  assign payload  = plain && header_q == Header && index_q < IndexBits'(IMAGE_BYTES);
  assign occupied = payload && pending_q && index_q[AddressBits-1:0] >= read_q;
  assign accepted = closing && answer_ready_i && (answer_code_o == Result || next_weights);
  assign fetch    = pending_q && (!out_valid_o || out_ready_i);
  assign last     = read_q == AddressBits'(IMAGE_BYTES - 1);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      pending_q   <= 1'b0;
      read_q      <= '0;
      out_valid_o <= 1'b0;
    end else begin
      if (accepted) pending_q <= 1'b1;
      else if (fetch && last) pending_q <= 1'b0;
      if (fetch) read_q <= last ? '0 : read_q + 1'b1;
      if (fetch) out_valid_o <= 1'b1;
      else if (out_ready_i) out_valid_o <= 1'b0;
    end
  end

  ram #(
    .WIDTH(8),
    .WORDS(IMAGE_BYTES),
    .BLOCK_WORDS(BUFFER_BLOCK != 0 ? IMAGE_BYTES : 0),
    .BLOCK_WIDTH(BUFFER_BLOCK != 0 ? 8 : 0)
  ) u_image (
    .clk_i          (clk_i),
    .write_i        (payload && !occupied && !overrun_q),
    .write_address_i(index_q[AddressBits-1:0]),
    .data_i         (value),
    .read_i         (fetch),
    .read_address_i (read_q),
    .data_o         (out_data_o)
  );

endmodule
