// Turns a feature map into its windows: for every output pixel, the KERNEL_H x KERNEL_W input pixels under the kernel,
// of which neighbours are DILATION_H rows and DILATION_W columns apart.
//
// Streams: PE elements a beat; WORDS beats an input pixel. A window's beats come in the order (kernel row, kernel
// column, word); with DEPTHWISE in the order (word, kernel row, kernel column), as max_pool wants them. One ring buffer
// of BUFFER_WORDS beats keeps what later windows need; it is read and written at the same time, across frames, too.
// Trailing rows and columns that no window covers are taken in and dropped.
//
// Cycles per frame: the larger of the input beats and the output beats, if BUFFER_WORDS is at least what
// hwcodesign/kinds/sliding_window.py works out. Latency: 2 from an input beat to the earliest output beat with it.
// It does no padding: the padding kernel does. It sends no more a clock than it takes in: parallel_window does.
module sliding_window #(
  parameter int PE = 1,
  parameter int BITS = 1,
  parameter int HEIGHT = 1,
  parameter int WIDTH = 1,
  parameter int WORDS = 1,
  parameter int KERNEL_H = 1,
  parameter int KERNEL_W = 1,
  parameter int STRIDE_H = 1,
  parameter int STRIDE_W = 1,
  parameter int DILATION_H = 1,
  parameter int DILATION_W = 1,
  parameter int DEPTHWISE = 0,
  parameter int BUFFER_WORDS = 1,
  parameter int BUFFER_BLOCK_WORDS = 0,
  parameter int BUFFER_BLOCK_WIDTH = 0,
  parameter int BUFFER_LARGE = 0
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic [PE*BITS-1:0] in_data_i,
  input  logic in_valid_i,
  output logic in_ready_o,
  output logic [PE*BITS-1:0] out_data_o,
  output logic out_valid_o,
  input  logic out_ready_i
);
  // Rows and columns from a window's first pixel to its last.
  localparam int Tall = (KERNEL_H - 1) * DILATION_H + 1;
  localparam int Wide = (KERNEL_W - 1) * DILATION_W + 1;
  localparam int OutH = (HEIGHT - Tall) / STRIDE_H + 1;
  localparam int OutW = (WIDTH - Wide) / STRIDE_W + 1;
  localparam int Row = WIDTH * WORDS;

  // A window is read by three nested loops. Advance* is how far the read position moves in the stream of input words
  // when a loop goes on: within the window, to the next window of the row, of the next row, of the next frame.
  localparam int InnerCount = (DEPTHWISE != 0) ? KERNEL_W : WORDS;
  localparam int MiddleCount = (DEPTHWISE != 0) ? KERNEL_H : KERNEL_W;
  localparam int OuterCount = (DEPTHWISE != 0) ? WORDS : KERNEL_H;
  localparam int LastWord = (Tall - 1) * Row + Wide * WORDS - 1;
  localparam int NextRow = DILATION_H * Row - (Wide - 1) * WORDS;  // from a kernel row's last pixel to the next one's first
  localparam int AdvanceInner = (DEPTHWISE != 0) ? DILATION_W * WORDS : 1;
  localparam int AdvanceMiddle = (DEPTHWISE != 0) ? NextRow : (DILATION_W - 1) * WORDS + 1;
  localparam int AdvanceOuter = (DEPTHWISE != 0) ? WORDS - LastWord : NextRow - WORDS + 1;
  // Words that are needed no more once a window is done.
  localparam int FreeColumn = STRIDE_W * WORDS;
  localparam int FreeRow = STRIDE_H * Row - (OutW - 1) * STRIDE_W * WORDS;
  localparam int FreeFrame = (HEIGHT - (OutH - 1) * STRIDE_H) * Row - (OutW - 1) * STRIDE_W * WORDS;

  localparam int InnerBits = (InnerCount > 1) ? $clog2(InnerCount) : 1;
  localparam int MiddleBits = (MiddleCount > 1) ? $clog2(MiddleCount) : 1;
  localparam int OuterBits = (OuterCount > 1) ? $clog2(OuterCount) : 1;
  localparam int ColumnBits = (OutW > 1) ? $clog2(OutW) : 1;
  localparam int RowBits = (OutH > 1) ? $clog2(OutH) : 1;
  localparam int AddressBits = (BUFFER_WORDS > 1) ? $clog2(BUFFER_WORDS) : 1;
  localparam int LevelBits = $clog2(BUFFER_WORDS + HEIGHT * Row + 1) + 2;

  if (PE < 1 || BITS < 1 || WORDS < 1) begin : gen_unmet_sizes_are_positive
    sliding_window_requires_that_sizes_are_positive violated ();
  end
  if (KERNEL_H < 1 || KERNEL_W < 1 || Tall > HEIGHT || Wide > WIDTH) begin : gen_unmet_kernel_lies_in_the_map
    sliding_window_requires_that_kernel_lies_in_the_map violated ();
  end
  if (STRIDE_H < 1 || STRIDE_W < 1) begin : gen_unmet_strides_are_positive
    sliding_window_requires_that_strides_are_positive violated ();
  end
  if (DILATION_H < 1 || DILATION_W < 1) begin : gen_unmet_dilations_are_positive
    sliding_window_requires_that_dilations_are_positive violated ();
  end
  if (BUFFER_WORDS <= LastWord) begin : gen_unmet_buffer_holds_a_window
    sliding_window_requires_that_buffer_holds_a_window violated ();
  end

  // `distance`, which may be negative, as a step forward in the ring.
  function automatic logic [AddressBits-1:0] ring(input int distance);
    ring = AddressBits'(((distance % BUFFER_WORDS) + BUFFER_WORDS) % BUFFER_WORDS);
  endfunction

  logic move, write, read;
  logic [InnerBits-1:0] inner_q;
  logic [MiddleBits-1:0] middle_q;
  logic [OuterBits-1:0] outer_q;
  logic [ColumnBits-1:0] column_q;
  logic [RowBits-1:0] row_q;
  logic inner_last, middle_last, outer_last, column_last, row_last, window_last;

  // Words between the oldest that is still needed, or the next to be read, and the next to be written. Both may be
  // negative: the next window may start beyond what has come in.
  logic signed [LevelBits-1:0] kept_q, ahead_q, freed, advance;
  logic [AddressBits-1:0] write_address_q, read_address_q, ring_advance;
  logic [AddressBits:0] read_address_sum;

  assign move = !out_valid_o || out_ready_i;
  assign in_ready_o = (kept_q < LevelBits'(BUFFER_WORDS));
  assign write = in_valid_i && in_ready_o;
  assign read = move && (ahead_q > 0);

  assign inner_last = (inner_q == InnerBits'(InnerCount - 1));
  assign middle_last = inner_last && (middle_q == MiddleBits'(MiddleCount - 1));
  assign outer_last = (outer_q == OuterBits'(OuterCount - 1));
  assign window_last = middle_last && outer_last;
  assign column_last = (column_q == ColumnBits'(OutW - 1));
  assign row_last = (row_q == RowBits'(OutH - 1));

  always_comb begin
    freed = '0;
    if (!window_last) begin
      advance = !inner_last ? LevelBits'(AdvanceInner) :
                !middle_last ? LevelBits'(AdvanceMiddle) : LevelBits'(AdvanceOuter);
      ring_advance = !inner_last ? ring(AdvanceInner) : !middle_last ? ring(AdvanceMiddle) : ring(AdvanceOuter);
    end else begin
      freed = !column_last ? LevelBits'(FreeColumn) : !row_last ? LevelBits'(FreeRow) : LevelBits'(FreeFrame);
      advance = freed - LevelBits'(LastWord);
      ring_advance = !column_last ? ring(FreeColumn - LastWord) :
                     !row_last ? ring(FreeRow - LastWord) : ring(FreeFrame - LastWord);
    end
  end

  assign read_address_sum = {1'b0, read_address_q} + {1'b0, ring_advance};

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      kept_q <= '0;
      ahead_q <= '0;
    end else if (write || read) begin
      kept_q <= kept_q + LevelBits'(write) - (read ? freed : '0);
      ahead_q <= ahead_q + LevelBits'(write) - (read ? advance : '0);
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      write_address_q <= '0;
      read_address_q <= '0;
    end else begin
      if (write) write_address_q <= (write_address_q == AddressBits'(BUFFER_WORDS - 1)) ? '0 : write_address_q + 1'b1;
      if (read) begin
        read_address_q <= (read_address_sum >= (AddressBits + 1)'(BUFFER_WORDS))
          ? AddressBits'(read_address_sum - (AddressBits + 1)'(BUFFER_WORDS)) : read_address_sum[AddressBits-1:0];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      inner_q <= '0;
      middle_q <= '0;
      outer_q <= '0;
      column_q <= '0;
      row_q <= '0;
    end else if (read) begin
      inner_q <= inner_last ? '0 : inner_q + 1'b1;
      if (inner_last) middle_q <= middle_last ? '0 : middle_q + 1'b1;
      if (middle_last) outer_q <= outer_last ? '0 : outer_q + 1'b1;
      if (window_last) column_q <= column_last ? '0 : column_q + 1'b1;
      if (window_last && column_last) row_q <= row_last ? '0 : row_q + 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) out_valid_o <= 1'b0;
    else if (move) out_valid_o <= read;
  end

  ram #(
    .WORDS(BUFFER_WORDS),
    .WIDTH(PE * BITS),
    .BLOCK_WORDS(BUFFER_BLOCK_WORDS),
    .BLOCK_WIDTH(BUFFER_BLOCK_WIDTH),
    .LARGE(BUFFER_LARGE)
  ) u_buffer (
    .clk_i,
    .write_i(write),
    .write_address_i(write_address_q),
    .data_i(in_data_i),
    .read_i(read),
    .read_address_i(read_address_q),
    .data_o(out_data_o)
  );
endmodule
