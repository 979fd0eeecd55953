// Holds two frames of WORDS words between a camera, which waits for nobody, and a stream, which may; each has a clock.
//
// A frame that begins while there is room is taken, any other is left out whole; one that ends before its last word is
// dropped. So only whole frames leave, each once and in order, and one may leave as slowly as the next comes in.
// The numbers of frames that came and went, in Gray code of two bits, cross between the clocks through two flip-flops
// a bit. Where they differ in both bits two frames are there. Nobody reads where the other side writes.
// The stream's reset, of three clocks or more, empties it. The camera's side has none: frames come as they do.
// Cycles per frame: WORDS. Latency: 4 clocks from the last word in.
module frame_store #(
  parameter int WIDTH = 8,
  parameter int WORDS = 2
) (
  input  logic             write_clk_i,
  input  logic             frame_i,
  input  logic [WIDTH-1:0] data_i,
  input  logic             valid_i,
  input  logic             clk_i,
  input  logic             rst_ni,
  output logic [WIDTH-1:0] out_data_o,
  output logic             out_valid_o,
  input  logic             out_ready_i
);
  localparam int AddressBits = (WORDS > 1) ? $clog2(WORDS) : 1;
  localparam logic [AddressBits-1:0] Final = AddressBits'(WORDS - 1);

  if (WIDTH < 1 || WORDS < 1) begin : gen_unmet_sizes_are_positive
    frame_store_requires_that_sizes_are_positive violated ();
  end

  logic [WIDTH-1:0] words [0:(2<<AddressBits)-1];  // the frame in the uppermost bit of the address

  // The camera's side. What is configured begins at 0.
  logic                   taking_q = 1'b0;
  logic [1:0]             came_q = '0, went_q = '0, went_there_qq = '0, went_there_q = '0;
  logic [AddressBits-1:0] write_q = '0;

  always_ff @(posedge write_clk_i) begin
    went_there_qq <= went_q;
    went_there_q  <= went_there_qq;
    if (frame_i) begin
      taking_q <= (came_q ^ went_there_q) != 2'b11;
      write_q  <= '0;
    end else if (valid_i && taking_q) begin
      write_q <= write_q + 1'b1;
      if (write_q == Final) begin
        taking_q <= 1'b0;
        came_q   <= {came_q[0], !came_q[1]};
      end
    end
    if (valid_i && taking_q) words[{^came_q, write_q}] <= data_i;
  end

  // The stream's side.
  logic [1:0]             came_there_qq = '0, came_there_q = '0;
  logic [AddressBits-1:0] read_q;
  logic                   move, some;

  assign move = !out_valid_o || out_ready_i;
  assign some = came_there_q != went_q;

  always_ff @(posedge clk_i) begin
    came_there_qq <= came_q;
    came_there_q  <= came_there_qq;
    if (!rst_ni) begin
      out_valid_o <= 1'b0;
      read_q      <= '0;
      went_q      <= came_there_q;
    end else if (move) begin
      out_valid_o <= some;
      if (some) read_q <= (read_q == Final) ? '0 : read_q + 1'b1;
      if (some && read_q == Final) went_q <= {went_q[0], !went_q[1]};
    end
    if (move) out_data_o <= words[{^went_q, read_q}];
  end
endmodule
