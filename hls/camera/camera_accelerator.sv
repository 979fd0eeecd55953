// The network behind a camera: a parallel port (DVP, such as an OV7670's) in, scores and the best class out.
//
// A window of the camera's picture, scaled down to the network's WIDTH x HEIGHT, is what the network sees; see
// crop_scale.sv for X, Y, SCALE and dvp_receiver.sv for FORMAT and VSYNC_LEVEL. The network takes unsigned elements of
// 8 bits, IN_BYTES of them a beat, one channel of luminance or three of red, green and blue. IN_BYTES, OUT_BYTES and
// SCORES are those of the emitted `accelerator` (in_bytes and out_bytes of interface.json, its number of classes).
//
// class_o is the best class of the latest frame, class_valid_o goes up for a clock when it comes. All scores and classes
// are on m_axis, which must be taken (m_axis_tready high, if nobody reads them).
// A frame that comes while two others wait is left out whole.
// Does not: load weights (a design with WEIGHT_FRAMES needs a host), or set the camera's registers.
module camera_accelerator #(
  parameter int FORMAT = 0,
  parameter int VSYNC_LEVEL = 1,
  parameter int X = 0,
  parameter int Y = 0,
  parameter int SCALE = 1,
  parameter int WIDTH = 1,
  parameter int HEIGHT = 1,
  parameter int IN_BYTES = 1,
  parameter int OUT_BYTES = 1,
  parameter int SCORES = 1
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic pclk_i,
  input  logic vsync_i,
  input  logic href_i,
  input  logic [7:0] data_i,
  output logic [8*OUT_BYTES-1:0] m_axis_tdata,
  output logic m_axis_tvalid,
  input  logic m_axis_tready,
  output logic m_axis_tlast,
  output logic [8*OUT_BYTES-1:0] class_o,
  output logic class_valid_o,
  output logic frame_error_o
);
  localparam int Channels = (FORMAT == 3) ? 3 : 1;
  localparam int PixelBits = 8 * Channels;
  localparam int BeatBits = 8 * IN_BYTES;
  localparam int CountBits = $clog2(SCORES + 1) + 1;

  if (IN_BYTES < 1 || OUT_BYTES < 1 || SCORES < 1) begin : gen_unmet_sizes_are_positive
    camera_accelerator_requires_that_sizes_are_positive violated ();
  end
  if (PixelBits % BeatBits != 0 && BeatBits % PixelBits != 0) begin : gen_unmet_pixels_and_beats_divide
    camera_accelerator_requires_that_pixels_and_beats_divide violated ();
  end

  logic [PixelBits-1:0] seen, scaled, stored;
  logic                 seen_valid, line, frame, scaled_valid, stored_valid, stored_ready;
  logic [BeatBits-1:0]  beat;
  logic                 beat_valid, beat_ready, beat_last;

  dvp_receiver #(.FORMAT(FORMAT), .VSYNC_LEVEL(VSYNC_LEVEL)) u_receiver (
    .pclk_i, .vsync_i, .href_i, .data_i, .pixel_o(seen), .valid_o(seen_valid), .line_o(line), .frame_o(frame)
  );

  crop_scale #(
    .CHANNELS(Channels), .X(X), .Y(Y), .WIDTH(WIDTH), .HEIGHT(HEIGHT), .SCALE(SCALE)
  ) u_crop_scale (
    .clk_i(pclk_i), .pixel_i(seen), .valid_i(seen_valid), .line_i(line), .frame_i(frame),
    .pixel_o(scaled), .valid_o(scaled_valid)
  );

  frame_store #(.WIDTH(PixelBits), .WORDS(WIDTH * HEIGHT)) u_store (
    .write_clk_i(pclk_i), .frame_i(frame), .data_i(scaled), .valid_i(scaled_valid),
    .clk_i, .rst_ni, .out_data_o(stored), .out_valid_o(stored_valid), .out_ready_i(stored_ready)
  );

  if (PixelBits == BeatBits) begin : gen_straight
    assign beat         = stored;
    assign beat_valid   = stored_valid;
    assign stored_ready = beat_ready;
  end else begin : gen_converted
    width_converter #(.IN_WIDTH(PixelBits), .OUT_WIDTH(BeatBits)) u_beats (
      .clk_i, .rst_ni,
      .in_data_i(stored), .in_valid_i(stored_valid), .in_ready_o(stored_ready),
      .out_data_o(beat), .out_valid_o(beat_valid), .out_ready_i(beat_ready)
    );
  end

  frame_last #(.BEATS(WIDTH * HEIGHT * Channels / IN_BYTES)) u_last (
    .clk_i, .rst_ni, .valid_i(beat_valid), .ready_i(beat_ready), .last_o(beat_last)
  );

  accelerator u_accelerator (
    .aclk         (clk_i),
    .aresetn      (rst_ni),
    .s_axis_tdata (beat),
    .s_axis_tvalid(beat_valid),
    .s_axis_tready(beat_ready),
    .s_axis_tlast (beat_last),
    .m_axis_tdata,
    .m_axis_tvalid,
    .m_axis_tready,
    .m_axis_tlast,
    .frame_error_o
  );

  // The best class follows the scores.
  logic [CountBits-1:0] count_q;
  logic                 take;

  assign take = m_axis_tvalid && m_axis_tready;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      count_q       <= '0;
      class_valid_o <= 1'b0;
    end else begin
      class_valid_o <= take && count_q == CountBits'(SCORES);
      if (take && m_axis_tlast) count_q <= '0;
      else if (take && count_q <= CountBits'(SCORES)) count_q <= count_q + 1'b1;
    end
    if (take && count_q == CountBits'(SCORES)) class_o <= m_axis_tdata;
  end
endmodule
