// Joins the channels of INPUTS streams: for each pixel all beats of input 0, then those of input 1, and so on.
//
// Streams: inputs side by side, input 0 lowest; one output of WIDTH bits a beat, LANES elements. Inputs have WIDTH bits a
// beat, too, unless their types differ: IN_BITS and IN_SIGNED then say them, and BEAT_BITS the bits of all inputs' beats;
// an element is widened to the output's. One signed bit stands for -1 or +1.
// BEATS holds the beats of a pixel of each input; COUNT_BITS bits hold the largest. What is held for each input has 32 bits
// each, input 0 lowest.
// Cycles per frame: the output's beats. Latency: 1 cycle. The output is a register.
// Does not: buffer an input that is ahead of its turn.
module concat #(
  parameter int WIDTH = 8,
  parameter int INPUTS = 2,
  parameter logic [32*INPUTS-1:0] BEATS = {INPUTS{32'd1}},
  parameter int COUNT_BITS = 1,
  parameter int LANES = 1,
  parameter logic [32*INPUTS-1:0] IN_BITS = {INPUTS{32'(WIDTH)}},
  parameter logic [32*INPUTS-1:0] IN_SIGNED = {INPUTS{32'd0}},
  parameter int BEAT_BITS = INPUTS * WIDTH
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic [BEAT_BITS-1:0] in_data_i,
  input  logic [INPUTS-1:0]    in_valid_i,
  output logic [INPUTS-1:0]    in_ready_o,
  output logic [WIDTH-1:0]     out_data_o,
  output logic                 out_valid_o,
  input  logic                 out_ready_i
);

  localparam int TurnBits = $clog2(INPUTS);
  localparam int OutBits = WIDTH / LANES;

  // The bits of a beat of the inputs before this one.
  function automatic int first_bit(input int port);
    first_bit = 0;
    for (int i = 0; i < port; i++) first_bit += LANES * int'(IN_BITS[32*i+:32]);
  endfunction

  if (WIDTH < 1) begin : gen_unmet_width_is_positive
    concat_requires_that_width_is_positive violated ();
  end
  if (LANES < 1 || WIDTH % LANES != 0) begin : gen_unmet_lanes_divide_width
    concat_requires_that_lanes_divide_width violated ();
  end
  if (INPUTS < 2) begin : gen_unmet_inputs_are_two_or_more
    concat_requires_that_inputs_are_two_or_more violated ();
  end
  if (BEAT_BITS != first_bit(INPUTS)) begin : gen_unmet_beat_bits_are_those_of_all_inputs
    concat_requires_that_beat_bits_are_those_of_all_inputs violated ();
  end
  for (genvar i = 0; i < INPUTS; i++) begin : gen_unmet
    if (BEATS[32*i+:32] == 0 || (BEATS[32*i+:32] >> COUNT_BITS) != 0) begin : gen_beats
      concat_requires_that_count_bits_hold_the_beats violated ();
    end
  end

  logic [TurnBits-1:0]     turn_q;
  logic [COUNT_BITS-1:0]   beat_q;
  logic                    move, take, last;
  logic [INPUTS*WIDTH-1:0] wide;

  for (genvar n = 0; n < INPUTS; n++) begin : gen_input
    localparam int Bits = IN_BITS[32*n+:32];
    localparam bit Signed = IN_SIGNED[32*n];
    localparam int First = first_bit(n);
    for (genvar i = 0; i < LANES; i++) begin : gen_lane
      if (Bits == 1 && Signed) begin : gen_bipolar
        assign wide[n*WIDTH+i*OutBits+:OutBits] = OutBits'($signed({!in_data_i[First+i], 1'b1}));
      end else begin : gen_integer
        assign wide[n*WIDTH+i*OutBits+:OutBits] =
          OutBits'($signed({Signed && in_data_i[First+(i+1)*Bits-1], in_data_i[First+i*Bits+:Bits]}));
      end
    end
  end

  assign move = !out_valid_o || out_ready_i;
  assign take = move && in_valid_i[turn_q];
  assign last = beat_q == BEATS[32*turn_q+:COUNT_BITS] - 1'b1;

  always_comb begin
    in_ready_o         = '0;
    in_ready_o[turn_q] = move;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      turn_q      <= '0;
      beat_q      <= '0;
      out_valid_o <= 1'b0;
    end else begin
      if (move) out_valid_o <= take;
      if (take) begin
        beat_q <= last ? '0 : beat_q + 1'b1;
        if (last) turn_q <= turn_q == TurnBits'(INPUTS - 1) ? '0 : turn_q + 1'b1;
      end
    end
    if (take) out_data_o <= wide[WIDTH*turn_q+:WIDTH];
  end

endmodule
