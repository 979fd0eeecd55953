// Takes a camera's parallel port (DVP) apart: its pixels, and where its lines end and its frames begin.
//
// Between frames vsync_i has VSYNC_LEVEL; within a line href_i is high and every rising edge of pclk_i brings a byte.
// FORMAT 0: a byte is a pixel, its luminance. 1 (YUYV) and 2 (UYVY): two bytes are one, and the luminance is taken.
// 3 (RGB565, the byte with red first): two bytes become three elements of 8 bits, red lowest, whose upper bits repeat
// below, so that black is 0 and white 255.
// pixel_o is there in the clock of valid_o. line_o comes once after a line's last pixel, frame_o once before a frame's
// first. Latency: 2 clocks of pclk_i. It has no reset: whatever state it begins in, the next frame puts it right.
// Does not: set the camera's registers, or hold it up.
module dvp_receiver #(
  parameter int FORMAT = 0,
  parameter int VSYNC_LEVEL = 1
) (
  input  logic pclk_i,
  input  logic vsync_i,
  input  logic href_i,
  input  logic [7:0] data_i,
  output logic [(FORMAT == 3 ? 24 : 8)-1:0] pixel_o,
  output logic valid_o,
  output logic line_o,
  output logic frame_o
);

  if (FORMAT < 0 || FORMAT > 3) begin : gen_unmet_format_is_0_to_3
    dvp_receiver_requires_that_format_is_0_to_3 violated ();
  end

  logic       between_q, in_line_q, was_between_q, was_in_line_q, second_q;
  logic [7:0] data_q, first_q;

  always_ff @(posedge pclk_i) begin
    between_q <= vsync_i == (VSYNC_LEVEL != 0);
    in_line_q <= href_i;
    data_q    <= data_i;

    was_between_q <= between_q;
    was_in_line_q <= in_line_q;
    first_q       <= data_q;
    second_q      <= in_line_q && !second_q;

    valid_o <= in_line_q && !between_q && (FORMAT == 0 || second_q);
    line_o  <= was_in_line_q && !in_line_q;
    frame_o <= was_between_q && !between_q;
  end

  if (FORMAT == 3) begin : gen_rgb
    logic [4:0] red, blue;
    logic [5:0] green;
    assign {red, green, blue} = {first_q, data_q};
    always_ff @(posedge pclk_i) begin
      pixel_o <= {blue, blue[4:2], green, green[5:4], red, red[4:2]};
    end
  end else begin : gen_luminance
    always_ff @(posedge pclk_i) pixel_o <= (FORMAT == 1) ? first_q : data_q;
  end
endmodule
