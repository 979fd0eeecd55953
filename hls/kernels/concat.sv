// Joins the channels of INPUTS streams: for each pixel all beats of input 0, then those of input 1, and so on.
//
// Streams: inputs of WIDTH bits a beat side by side, input 0 lowest; one output of WIDTH bits.
// BEATS holds the beats of a pixel of each input, 32 bits each, input 0 lowest; COUNT_BITS bits hold the largest.
// Cycles per frame: the output's beats. Latency: 1 cycle. The output is a register.
// Does not: buffer an input that is ahead of its turn.
module concat #(
  parameter int WIDTH = 8,
  parameter int INPUTS = 2,
  parameter logic [32*INPUTS-1:0] BEATS = {INPUTS{32'd1}},
  parameter int COUNT_BITS = 1
) (
  input  logic                    clk_i,
  input  logic                    rst_ni,
  input  logic [INPUTS*WIDTH-1:0] in_data_i,
  input  logic [INPUTS-1:0]       in_valid_i,
  output logic [INPUTS-1:0]       in_ready_o,
  output logic [WIDTH-1:0]        out_data_o,
  output logic                    out_valid_o,
  input  logic                    out_ready_i
);

  localparam int TURN_BITS = $clog2(INPUTS);

  logic [TURN_BITS-1:0]  turn_q;
  logic [COUNT_BITS-1:0] beat_q;
  logic                  space, take, last;

  assign space = !out_valid_o || out_ready_i;
  assign take  = space && in_valid_i[turn_q];
  assign last  = beat_q == BEATS[32*turn_q+:COUNT_BITS] - 1'b1;

  always_comb begin
    in_ready_o         = '0;
    in_ready_o[turn_q] = space;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      turn_q      <= '0;
      beat_q      <= '0;
      out_valid_o <= 1'b0;
    end else begin
      if (space) out_valid_o <= take;
      if (take) begin
        beat_q <= last ? '0 : beat_q + 1'b1;
        if (last) turn_q <= turn_q == TURN_BITS'(INPUTS - 1) ? '0 : turn_q + 1'b1;
      end
    end
    if (take) out_data_o <= in_data_i[WIDTH*turn_q+:WIDTH];
  end

endmodule
