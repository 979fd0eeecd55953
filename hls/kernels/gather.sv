// Some of the channels of a pixel, or all in another order: of each beat the lanes WIRES, of each pixel the beats KEPT.
//
// Streams: BEATS beats of IN_LANES elements of BITS bits a pixel in. Those for which KEPT holds 1 leave, OUT_LANES elements
// each: lane l is lane WIRES[l] of what came in. For the others KEPT holds 0; they are taken and dropped. What KEPT and
// WIRES hold has 32 bits each, beat 0 and lane 0 lowest.
// Cycles per frame: its input beats. Latency: 1 from a beat in to the same beat out. The output is a register.
// Does not: put the channels of different beats into one; a beat of all channels can be wired in any way.
module gather #(
  parameter int BITS = 1,
  parameter int IN_LANES = 1,
  parameter int OUT_LANES = 1,
  parameter int BEATS = 1,
  parameter logic [32*BEATS-1:0] KEPT = {BEATS{32'd1}},
  parameter logic [32*OUT_LANES-1:0] WIRES = '0
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic [IN_LANES*BITS-1:0] in_data_i,
  input  logic in_valid_i,
  output logic in_ready_o,
  output logic [OUT_LANES*BITS-1:0] out_data_o,
  output logic out_valid_o,
  input  logic out_ready_i
);
  localparam int BeatBits = (BEATS > 1) ? $clog2(BEATS) : 1;

  if (BITS < 1 || IN_LANES < 1 || OUT_LANES < 1 || BEATS < 1) begin : gen_unmet_sizes_are_positive
    gather_requires_that_sizes_are_positive violated ();
  end

  logic [BeatBits-1:0] beat_q;
  logic kept, move, take;

  if (BEATS > 1) begin : gen_choice
    assign kept = KEPT[32*beat_q];
  end else begin : gen_all
    assign kept = 1'b1;
  end
  assign move = !out_valid_o || out_ready_i;
  assign in_ready_o = move;
  assign take = move && in_valid_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      beat_q <= '0;
      out_valid_o <= 1'b0;
    end else if (move) begin
      out_valid_o <= in_valid_i && kept;
      if (in_valid_i) beat_q <= (beat_q == BeatBits'(BEATS - 1)) ? '0 : beat_q + 1'b1;
    end
  end

  for (genvar l = 0; l < OUT_LANES; l++) begin : gen_lane
    localparam int Wire = WIRES[32*l+:32];
    if (Wire < 0 || Wire >= IN_LANES) begin : gen_unmet_wires_lie_in_a_beat
      gather_requires_that_wires_lie_in_a_beat violated ();
    end
    always_ff @(posedge clk_i) begin
      if (take && kept) out_data_o[l*BITS+:BITS] <= in_data_i[Wire*BITS+:BITS];
    end
  end
endmodule
