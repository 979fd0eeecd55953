// Properties of sliding_window: which input beat leaves next is worked out here from the place in frame and window.
//
// The solver marks one beat of any frame (frames count modulo four). Every output beat that is to be that one must hold
// its data, and must have come in.
module sliding_window_properties #(
  parameter int HEIGHT = 3,
  parameter int WIDTH = 3,
  parameter int WORDS = 1,
  parameter int KERNEL_H = 2,
  parameter int KERNEL_W = 2,
  parameter int STRIDE_H = 1,
  parameter int STRIDE_W = 1,
  parameter int DILATION_H = 1,
  parameter int DILATION_W = 1,
  parameter int DEPTHWISE = 0,
  parameter int BUFFER_WORDS = 6
) (
  input logic clk_i,
  input logic rst_ni,
  input logic in_data_i,
  input logic in_valid_i,
  input logic out_ready_i
);
  localparam int OutW = (WIDTH - (KERNEL_W - 1) * DILATION_W - 1) / STRIDE_W + 1;
  localparam int OutH = (HEIGHT - (KERNEL_H - 1) * DILATION_H - 1) / STRIDE_H + 1;
  localparam int InnerCount = DEPTHWISE != 0 ? KERNEL_W : WORDS;
  localparam int MiddleCount = DEPTHWISE != 0 ? KERNEL_H : KERNEL_W;
  localparam int OuterCount = DEPTHWISE != 0 ? WORDS : KERNEL_H;
  localparam int InnerBits = InnerCount > 1 ? $clog2(InnerCount) : 1;
  localparam int MiddleBits = MiddleCount > 1 ? $clog2(MiddleCount) : 1;
  localparam int OuterBits = OuterCount > 1 ? $clog2(OuterCount) : 1;
  localparam int ColumnBits = OutW > 1 ? $clog2(OutW) : 1;
  localparam int RowBits = OutH > 1 ? $clog2(OutH) : 1;
  localparam int Bits = 3;  // of every coordinate: the feature map is small

  logic since, in_ready, out_valid, out_data, in_take, out_take;

  reset_first #(
    .ONCE(1)
  ) u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  sliding_window #(
    .PE(1), .BITS(1), .HEIGHT(HEIGHT), .WIDTH(WIDTH), .WORDS(WORDS), .KERNEL_H(KERNEL_H), .KERNEL_W(KERNEL_W),
    .STRIDE_H(STRIDE_H), .STRIDE_W(STRIDE_W), .DILATION_H(DILATION_H), .DILATION_W(DILATION_W), .DEPTHWISE(DEPTHWISE),
    .BUFFER_WORDS(BUFFER_WORDS)
  ) dut (
    .clk_i, .rst_ni, .in_data_i, .in_valid_i, .in_ready_o(in_ready), .out_data_o(out_data), .out_valid_o(out_valid),
    .out_ready_i
  );

  stream_rules #(
    .WIDTH(1)
  ) u_out (
    .clk_i, .rst_ni, .data_i(out_data), .valid_i(out_valid), .ready_i(out_ready_i)
  );

  assign in_take = in_valid_i && in_ready;
  assign out_take = out_valid && out_ready_i;

  keeps_going #(
    .CLOCKS(2)
  ) u_going (
    .clk_i, .rst_ni, .offered_i(in_valid_i && out_ready_i), .moves_i(in_take || out_take)
  );

  // What comes in.
  (* anyconst *) logic [1:0] mark_frame;
  (* anyconst *) logic [3*Bits-1:0] mark;  // row, column, word
  logic [1:0] in_frame_q;
  logic [Bits-1:0] in_row_q, in_column_q, in_word_q;
  logic [3*Bits-1:0] coming;
  logic marked_q, in_word_last, in_column_last, in_last;
  assign coming = {in_row_q, in_column_q, in_word_q};
  assign in_word_last = in_word_q == Bits'(WORDS - 1);
  assign in_column_last = in_word_last && in_column_q == Bits'(WIDTH - 1);
  assign in_last = in_column_last && in_row_q == Bits'(HEIGHT - 1);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      in_word_q <= '0;
      in_column_q <= '0;
      in_row_q <= '0;
      in_frame_q <= '0;
    end else if (in_take) begin
      in_word_q <= in_word_last ? '0 : in_word_q + 1'b1;
      if (in_word_last) in_column_q <= in_column_last ? '0 : in_column_q + 1'b1;
      if (in_column_last) in_row_q <= in_last ? '0 : in_row_q + 1'b1;
      if (in_last) in_frame_q <= in_frame_q + 1'b1;
    end
    if (in_take && coming == mark && in_frame_q == mark_frame) marked_q <= in_data_i;
  end

  // What goes out: the place within the window, and the window's place in the frame.
  logic [1:0] out_frame_q;
  logic [Bits-1:0] kernel_row_q, kernel_column_q, word_q, row_q, column_q;
  logic word_last, kernel_column_last, kernel_row_last, word_moves, kernel_column_moves, kernel_row_moves;
  logic window_last, column_last, row_last;
  assign word_last = word_q == Bits'(WORDS - 1);
  assign kernel_column_last = kernel_column_q == Bits'(KERNEL_W - 1);
  assign kernel_row_last = kernel_row_q == Bits'(KERNEL_H - 1);
  assign word_moves = DEPTHWISE == 0 || (kernel_column_last && kernel_row_last);
  assign kernel_column_moves = DEPTHWISE != 0 || word_last;
  assign kernel_row_moves = kernel_column_moves && kernel_column_last;
  assign window_last = word_last && kernel_column_last && kernel_row_last;
  assign column_last = window_last && column_q == Bits'(OutW - 1);
  assign row_last = column_last && row_q == Bits'(OutH - 1);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      word_q <= '0;
      kernel_column_q <= '0;
      kernel_row_q <= '0;
      column_q <= '0;
      row_q <= '0;
      out_frame_q <= '0;
    end else if (out_take) begin
      if (word_moves) word_q <= word_last ? '0 : word_q + 1'b1;
      if (kernel_column_moves) kernel_column_q <= kernel_column_last ? '0 : kernel_column_q + 1'b1;
      if (kernel_row_moves) kernel_row_q <= kernel_row_last ? '0 : kernel_row_q + 1'b1;
      if (window_last) column_q <= column_last ? '0 : column_q + 1'b1;
      if (column_last) row_q <= row_last ? '0 : row_q + 1'b1;
      if (row_last) out_frame_q <= out_frame_q + 1'b1;
    end
  end

  // The input beat that is to leave.
  logic [Bits-1:0] wanted_row, wanted_column;
  logic [3*Bits-1:0] wanted;
  assign wanted_row = Bits'(row_q * STRIDE_H + kernel_row_q * DILATION_H);
  assign wanted_column = Bits'(column_q * STRIDE_W + kernel_column_q * DILATION_W);
  assign wanted = {wanted_row, wanted_column, word_q};

  // The beat that is read next: the one that leaves, or the one behind it if that stands in the output register. All
  // lengths below count in input beats, and are small.
  logic [1:0] next_frame;
  logic [Bits-1:0] next_kernel_row, next_kernel_column, next_word, next_row, next_column;
  assign next_word = !out_valid || !word_moves ? word_q : word_last ? '0 : word_q + 1'b1;
  assign next_kernel_column =
    !out_valid || !kernel_column_moves ? kernel_column_q : kernel_column_last ? '0 : kernel_column_q + 1'b1;
  assign next_kernel_row = !out_valid || !kernel_row_moves ? kernel_row_q : kernel_row_last ? '0 : kernel_row_q + 1'b1;
  assign next_column = !out_valid || !window_last ? column_q : column_last ? '0 : column_q + 1'b1;
  assign next_row = !out_valid || !column_last ? row_q : row_last ? '0 : row_q + 1'b1;
  assign next_frame = out_frame_q + 2'(out_valid && row_last);

  function automatic logic signed [7:0] place(input logic [Bits-1:0] row, column, word);
    place = 8'((8'(row) * WIDTH + 8'(column)) * WORDS + 8'(word));
  endfunction
  // Frames are counted modulo four, and are never two apart.
  localparam logic signed [7:0] Frame = 8'(HEIGHT * WIDTH * WORDS);
  function automatic logic signed [7:0] frames(input logic [1:0] later, earlier);
    logic [1:0] apart;
    apart = later - earlier;
    frames = apart == 2'd0 ? 8'sd0 : apart == 2'd1 ? Frame : -Frame;
  endfunction

  // From the beat that is read next, from the window's first, and from the marked one to the one that comes in next.
  logic [Bits-1:0] first_row, first_column, read_row, read_column;
  logic signed [7:0] ahead, kept, age;
  assign first_row = Bits'(next_row * STRIDE_H);
  assign first_column = Bits'(next_column * STRIDE_W);
  assign read_row = Bits'(next_row * STRIDE_H + next_kernel_row * DILATION_H);
  assign read_column = Bits'(next_column * STRIDE_W + next_kernel_column * DILATION_W);
  assign ahead = frames(in_frame_q, next_frame) + place(in_row_q, in_column_q, in_word_q)
               - place(read_row, read_column, next_word);
  assign kept = frames(in_frame_q, next_frame) + place(in_row_q, in_column_q, in_word_q)
              - place(first_row, first_column, '0);
  assign age = frames(in_frame_q, mark_frame) + place(in_row_q, in_column_q, in_word_q)
             - place(mark[3*Bits-1:2*Bits], mark[2*Bits-1:Bits], mark[Bits-1:0]);

  // Where the marked beat lies in the buffer, until another is written there.
  localparam int AddressBits = $clog2(BUFFER_WORDS);
  localparam int LevelBits = $clog2(BUFFER_WORDS + HEIGHT * WIDTH * WORDS + 1) + 2;
  (* hierconn *) logic [AddressBits-1:0] \dut.write_address_q ;
  (* hierconn *) logic [AddressBits-1:0] \dut.read_address_q ;
  (* hierconn *) logic signed [LevelBits-1:0] \dut.kept_q ;
  (* hierconn *) logic signed [LevelBits-1:0] \dut.ahead_q ;
  (* hierconn *) logic [InnerBits-1:0] \dut.inner_q ;
  (* hierconn *) logic [MiddleBits-1:0] \dut.middle_q ;
  (* hierconn *) logic [OuterBits-1:0] \dut.outer_q ;
  (* hierconn *) logic [ColumnBits-1:0] \dut.column_q ;
  (* hierconn *) logic [RowBits-1:0] \dut.row_q ;
  (* hierconn *) logic \dut.u_buffer.gen_columns.u_columns.genblk3.gen_lut.words[0] ;
  (* hierconn *) logic \dut.u_buffer.gen_columns.u_columns.genblk3.gen_lut.words[1] ;
  (* hierconn *) logic \dut.u_buffer.gen_columns.u_columns.genblk3.gen_lut.words[2] ;
  (* hierconn *) logic \dut.u_buffer.gen_columns.u_columns.genblk3.gen_lut.words[3] ;
  (* hierconn *) logic \dut.u_buffer.gen_columns.u_columns.genblk3.gen_lut.words[4] ;
  (* hierconn *) logic \dut.u_buffer.gen_columns.u_columns.genblk3.gen_lut.words[5] ;
  (* hierconn *) logic \dut.u_buffer.gen_columns.u_columns.genblk3.gen_lut.words[6] ;
  (* hierconn *) logic \dut.u_buffer.gen_columns.u_columns.genblk3.gen_lut.words[7] ;
  logic [7:0] words;
  logic [AddressBits-1:0] at_q;
  logic held_q;
  // Those that the buffer does not have are left out.
  assign words = {
    \dut.u_buffer.gen_columns.u_columns.genblk3.gen_lut.words[7] ,
    \dut.u_buffer.gen_columns.u_columns.genblk3.gen_lut.words[6] ,
    \dut.u_buffer.gen_columns.u_columns.genblk3.gen_lut.words[5] ,
    \dut.u_buffer.gen_columns.u_columns.genblk3.gen_lut.words[4] ,
    \dut.u_buffer.gen_columns.u_columns.genblk3.gen_lut.words[3] ,
    \dut.u_buffer.gen_columns.u_columns.genblk3.gen_lut.words[2] ,
    \dut.u_buffer.gen_columns.u_columns.genblk3.gen_lut.words[1] ,
    \dut.u_buffer.gen_columns.u_columns.genblk3.gen_lut.words[0] 
  };
  always_ff @(posedge clk_i) begin
    if (!rst_ni) held_q <= 1'b0;
    else if (in_take && coming == mark && in_frame_q == mark_frame) held_q <= 1'b1;
    else if (in_take && at_q == \dut.write_address_q ) held_q <= 1'b0;
    if (in_take && coming == mark && in_frame_q == mark_frame) at_q <= \dut.write_address_q ;
  end

  // An address so many beats before `from` in the ring.
  function automatic logic [AddressBits-1:0] before(input logic [AddressBits-1:0] from, input logic signed [7:0] beats);
    logic [7:0] sum;
    sum = 8'(8'(from) - beats + 8'(8 * BUFFER_WORDS));
    before = AddressBits'(sum % 8'(BUFFER_WORDS));
  endfunction

  always_comb begin
    assume (mark[3*Bits-1:2*Bits] < Bits'(HEIGHT) && mark[2*Bits-1:Bits] < Bits'(WIDTH) && mark[Bits-1:0] <
    Bits'(WORDS)); if (since && rst_ni) begin
      if (out_valid) begin
        assert (in_frame_q == out_frame_q ? wanted < coming : in_frame_q == out_frame_q + 2'd1);
        if (out_frame_q == mark_frame && wanted == mark) assert (out_data == marked_q);
      end
      // What makes this true at all times.
      assert (row_q < Bits'(OutH) && column_q < Bits'(OutW) && word_q < Bits'(WORDS));
      assert (kernel_row_q < Bits'(KERNEL_H) && kernel_column_q < Bits'(KERNEL_W));
      assert (in_row_q < Bits'(HEIGHT) && in_column_q < Bits'(WIDTH) && in_word_q < Bits'(WORDS));
      assert (in_frame_q - next_frame != 2'd2);
      assert (Bits'(\dut.inner_q ) == (DEPTHWISE != 0 ? next_kernel_column : next_word));
      assert (Bits'(\dut.middle_q ) == (DEPTHWISE != 0 ? next_kernel_row : next_kernel_column));
      assert (Bits'(\dut.outer_q ) == (DEPTHWISE != 0 ? next_word : next_kernel_row));
      assert (Bits'(\dut.column_q ) == next_column);
      assert (Bits'(\dut.row_q ) == next_row);
      assert (8'(\dut.ahead_q ) == ahead);
      assert (8'(\dut.kept_q ) == kept);
      assert (kept <= 8'(BUFFER_WORDS));
      assert (32'(\dut.write_address_q ) < BUFFER_WORDS && 32'(\dut.read_address_q ) < BUFFER_WORDS);
      assert (before(\dut.write_address_q , ahead) == \dut.read_address_q );
      if (age >= 8'sd1 && age <= kept) assert (held_q);
      if (held_q) begin
        assert (age >= 8'sd1 && age <= 8'(BUFFER_WORDS));
        assert (at_q == before(\dut.write_address_q , age));
        assert (words[at_q] == marked_q);
      end
    end
  end

  always_comb cover (since && rst_ni && out_take && out_frame_q == 1);
endmodule
