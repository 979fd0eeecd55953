// Cuts a window out of every frame and scales it down: each pixel of the result is the mean of SCALE x SCALE pixels,
// channel by channel, rounded to the nearest (half up).
//
// The window begins at column X of line Y and is WIDTH * SCALE wide and HEIGHT * SCALE high. Pixels come at any pace,
// line_i after a line's last one, frame_i before a frame's first; CHANNELS elements of 8 bits are a pixel.
// The sum of a block's rows so far waits in a memory of WIDTH words. The division is a multiplication: for sums below
// 2^SumBits, sum * Reciprocal / 2^Shift rounds down to the very quotient (Granlund and Montgomery, 1994, theorem 4.2).
// Latency: 3 clocks from a block's last pixel. No reset: a frame begins anew whatever was before.
// Does not: notice a frame that is smaller than the window; its result has fewer pixels.
module crop_scale #(
  parameter int CHANNELS = 1,
  parameter int X = 0,
  parameter int Y = 0,
  parameter int WIDTH = 1,
  parameter int HEIGHT = 1,
  parameter int SCALE = 1
) (
  input  logic clk_i,
  input  logic [8*CHANNELS-1:0] pixel_i,
  input  logic valid_i,
  input  logic line_i,
  input  logic frame_i,
  output logic [8*CHANNELS-1:0] pixel_o,
  output logic valid_o
);
  localparam int Area = SCALE * SCALE;
  localparam int Half = Area / 2;
  localparam int SumBits = $clog2(255 * Area + Half + 1);
  localparam int Shift = SumBits + $clog2(Area);
  localparam logic [63:0] Reciprocal = ((64'd1 << Shift) + 64'(Area) - 64'd1) / 64'(Area);
  localparam int ColumnBits = (WIDTH > 1) ? $clog2(WIDTH) : 1;
  localparam int InBlock = (WIDTH * CHANNELS * SumBits > 1024) ? 1 : 0;

  if (CHANNELS < 1 || WIDTH < 1 || HEIGHT < 1) begin : gen_unmet_sizes_are_positive
    crop_scale_requires_that_sizes_are_positive violated ();
  end
  if (X < 0 || Y < 0) begin : gen_unmet_window_begins_in_the_frame
    crop_scale_requires_that_window_begins_in_the_frame violated ();
  end
  if (SCALE < 1 || SCALE > 64) begin : gen_unmet_scale_is_1_to_64
    crop_scale_requires_that_scale_is_1_to_64 violated ();
  end

  logic [ColumnBits-1:0] column;
  logic in_line, in_frame, first_x, first_y, last_x, last_y, take;

  crop_axis #(
    .SKIP(X), .LENGTH(WIDTH), .SCALE(SCALE)
  ) u_column (
    .clk_i, .restart_i(line_i || frame_i), .step_i(valid_i), .inside_o(in_line), .first_o(first_x), .last_o(last_x),
    .block_o(column)
  );

  crop_axis #(
    .SKIP(Y), .LENGTH(HEIGHT), .SCALE(SCALE)
  ) u_row (
    .clk_i, .restart_i(frame_i), .step_i(line_i), .inside_o(in_frame), .first_o(first_y), .last_o(last_y), .block_o()
  );

  assign take = valid_i && in_line && in_frame;

  logic [CHANNELS*SumBits-1:0] above, beside_q, across, total, total_q;
  logic                        whole_q, divided_q;

  if (SCALE > 1) begin : gen_above
    ram #(
      .WORDS(WIDTH), .WIDTH(CHANNELS * SumBits),
      .BLOCK_WORDS(InBlock * WIDTH), .BLOCK_WIDTH(InBlock * CHANNELS * SumBits)
    ) u_above (
      .clk_i, .write_i(take && last_x), .write_address_i(column), .data_i(total),
      .read_i(take && first_x), .read_address_i(column), .data_o(above)
    );
  end else begin : gen_alone
    assign above = '0;
  end

  for (genvar c = 0; c < CHANNELS; c++) begin : gen_channel
    logic [SumBits-1:0]   so_far, higher;
    logic [2*SumBits+1:0] product_q;
    assign so_far = first_x ? '0 : beside_q[c*SumBits+:SumBits];
    assign higher = first_y ? '0 : above[c*SumBits+:SumBits];
    assign across[c*SumBits+:SumBits] = so_far + SumBits'(pixel_i[8*c+:8]);
    assign total[c*SumBits+:SumBits] = across[c*SumBits+:SumBits] + higher;

    always_ff @(posedge clk_i) begin
      product_q       <= (2*SumBits+2)'(total_q[c*SumBits+:SumBits] + SumBits'(Half)) * (2*SumBits+2)'(Reciprocal);
      pixel_o[8*c+:8] <= 8'(product_q >> Shift);
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      beside_q <= across;
      total_q  <= total;
    end
    whole_q   <= take && last_x && last_y;
    divided_q <= whole_q;
    valid_o   <= divided_q;
  end
endmodule
