// Puts one value around every feature map: TOP, BOTTOM rows and LEFT, RIGHT pixels.
//
// Streams: BEATS beats of WIDTH bits a pixel, in and out, of elements of BITS bits; VALUE is the code of the value, 0 if
// it is not given. IN_HEIGHT x IN_WIDTH pixels in.
// Cycles per frame: (TOP + IN_HEIGHT + BOTTOM) * (LEFT + IN_WIDTH + RIGHT) * BEATS. Latency: 1 cycle; the border needs no
// input, so a frame's upper border leaves before the frame arrives. The output is a register.
// Does not: pad channels with values of their own.
module padding #(
  parameter int WIDTH = 8,
  parameter int BITS = WIDTH,
  parameter int VALUE = 0,
  parameter int BEATS = 1,
  parameter int IN_HEIGHT = 4,
  parameter int IN_WIDTH = 4,
  parameter int TOP = 1,
  parameter int BOTTOM = 1,
  parameter int LEFT = 1,
  parameter int RIGHT = 1
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic [WIDTH-1:0] in_data_i,
  input  logic             in_valid_i,
  output logic             in_ready_o,
  output logic [WIDTH-1:0] out_data_o,
  output logic             out_valid_o,
  input  logic             out_ready_i
);

  localparam int Rows = TOP + IN_HEIGHT + BOTTOM;
  localparam int Columns = LEFT + IN_WIDTH + RIGHT;

  // $clog2(N + 1) bits hold every number up to N. Below, a row before TOP wraps around to more than IN_HEIGHT.
  localparam int RowBits = $clog2(Rows + 1);
  localparam int ColumnBits = $clog2(Columns + 1);
  localparam int BeatBits = $clog2(BEATS + 1);

  if (WIDTH < 1 || BEATS < 1 || IN_HEIGHT < 1 || IN_WIDTH < 1) begin : gen_unmet_sizes_are_positive
    padding_requires_that_sizes_are_positive violated ();
  end
  if (BITS < 1 || WIDTH % BITS != 0) begin : gen_unmet_bits_divide_width
    padding_requires_that_bits_divide_width violated ();
  end
  if (TOP < 0 || BOTTOM < 0 || LEFT < 0 || RIGHT < 0) begin : gen_unmet_borders_are_not_negative
    padding_requires_that_borders_are_not_negative violated ();
  end

  logic [RowBits-1:0]    row_q, rows_after_top;
  logic [ColumnBits-1:0] column_q, columns_after_left;
  logic [BeatBits-1:0]   beat_q;
  logic                  in_frame, move, step, last_beat, last_column, last_row;

  assign rows_after_top     = row_q - RowBits'(TOP);
  assign columns_after_left = column_q - ColumnBits'(LEFT);
  assign in_frame           = rows_after_top < RowBits'(IN_HEIGHT) && columns_after_left < ColumnBits'(IN_WIDTH);
  assign move               = !out_valid_o || out_ready_i;
  assign step               = move && (in_valid_i || !in_frame);
  assign in_ready_o         = move && in_frame;
  assign last_beat          = beat_q == BeatBits'(BEATS - 1);
  assign last_column        = column_q == ColumnBits'(Columns - 1);
  assign last_row           = row_q == RowBits'(Rows - 1);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      row_q       <= '0;
      column_q    <= '0;
      beat_q      <= '0;
      out_valid_o <= 1'b0;
    end else begin
      if (move) out_valid_o <= step;
      if (step) begin
        beat_q <= last_beat ? '0 : beat_q + 1'b1;
        if (last_beat) column_q <= last_column ? '0 : column_q + 1'b1;
        if (last_beat && last_column) row_q <= last_row ? '0 : row_q + 1'b1;
      end
    end
    if (step) out_data_o <= in_frame ? in_data_i : {(WIDTH / BITS) {BITS'(VALUE)}};
  end

endmodule
