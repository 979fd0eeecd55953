// Frames every picture with zeros: TOP, BOTTOM rows and LEFT, RIGHT pixels.
//
// Streams: BEATS beats of WIDTH bits a pixel, in and out. IN_HEIGHT x IN_WIDTH pixels in.
// Cycles per frame: (TOP + IN_HEIGHT + BOTTOM) * (LEFT + IN_WIDTH + RIGHT) * BEATS. Latency: 1 cycle; a zero needs no
// input, so a frame's upper border leaves before the frame arrives. The output is a register.
// Does not: pad bipolar pictures, which have no zero, or with any other value.
module padding #(
  parameter int WIDTH = 8,
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

  int unsigned row_q, column_q, beat_q;
  logic        in_picture, space, take, last_beat, last_column;

  assign in_picture  = row_q >= TOP && row_q < TOP + IN_HEIGHT && column_q >= LEFT && column_q < LEFT + IN_WIDTH;
  assign space       = !out_valid_o || out_ready_i;
  assign take        = space && (in_valid_i || !in_picture);
  assign in_ready_o  = space && in_picture;
  assign last_beat   = beat_q == BEATS - 1;
  assign last_column = column_q == COLUMNS - 1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      row_q       <= 0;
      column_q    <= 0;
      beat_q      <= 0;
      out_valid_o <= 1'b0;
    end else begin
      if (space) out_valid_o <= take;
      if (take) begin
        beat_q <= last_beat ? 0 : beat_q + 1;
        if (last_beat) column_q <= last_column ? 0 : column_q + 1;
        if (last_beat && last_column) row_q <= row_q == ROWS - 1 ? 0 : row_q + 1;
      end
    end
    if (take) out_data_o <= in_picture ? in_data_i : '0;
  end

endmodule
