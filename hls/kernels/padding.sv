// Frames every picture with one value: TOP, BOTTOM rows and LEFT, RIGHT pixels.
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

  localparam int ROWS = TOP + IN_HEIGHT + BOTTOM;
  localparam int COLUMNS = LEFT + IN_WIDTH + RIGHT;

  // $clog2(N + 1) bits hold every number up to N. Below, a row before TOP wraps around to more than IN_HEIGHT.
  localparam int ROW_BITS = $clog2(ROWS + 1);
  localparam int COLUMN_BITS = $clog2(COLUMNS + 1);
  localparam int BEAT_BITS = $clog2(BEATS + 1);

  logic [ROW_BITS-1:0]    row_q, rows_after_top;
  logic [COLUMN_BITS-1:0] column_q, columns_after_left;
  logic [BEAT_BITS-1:0]   beat_q;
  logic                   in_picture, space, take, last_beat, last_column, last_row;

  assign rows_after_top     = row_q - ROW_BITS'(TOP);
  assign columns_after_left = column_q - COLUMN_BITS'(LEFT);
  assign in_picture         = rows_after_top < ROW_BITS'(IN_HEIGHT) && columns_after_left < COLUMN_BITS'(IN_WIDTH);
  assign space              = !out_valid_o || out_ready_i;
  assign take               = space && (in_valid_i || !in_picture);
  assign in_ready_o         = space && in_picture;
  assign last_beat          = beat_q == BEAT_BITS'(BEATS - 1);
  assign last_column        = column_q == COLUMN_BITS'(COLUMNS - 1);
  assign last_row           = row_q == ROW_BITS'(ROWS - 1);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      row_q       <= '0;
      column_q    <= '0;
      beat_q      <= '0;
      out_valid_o <= 1'b0;
    end else begin
      if (space) out_valid_o <= take;
      if (take) begin
        beat_q <= last_beat ? '0 : beat_q + 1'b1;
        if (last_beat) column_q <= last_column ? '0 : column_q + 1'b1;
        if (last_beat && last_column) row_q <= last_row ? '0 : row_q + 1'b1;
      end
    end
    if (take) out_data_o <= in_picture ? in_data_i : {(WIDTH / BITS) {BITS'(VALUE)}};
  end

endmodule
