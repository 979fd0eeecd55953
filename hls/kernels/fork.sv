// Copies a stream to OUTPUTS consumers, each at its own pace: an eager fork.
//
// Streams: one input of WIDTH bits; OUTPUTS outputs side by side, output 0 lowest. Each output takes the beat when it
// can; the next beat enters once all have taken it. Cycles per frame: its beats. Latency: 1. Outputs are registers.
// Does not: let one consumer run ahead of another by more than one beat; that is what FIFOs behind it are for.
// The module is called stream_fork because fork is a keyword.
module stream_fork #(
  parameter int WIDTH = 8,
  parameter int OUTPUTS = 2
) (
  input  logic                     clk_i,
  input  logic                     rst_ni,
  input  logic [WIDTH-1:0]         in_data_i,
  input  logic                     in_valid_i,
  output logic                     in_ready_o,
  output logic [OUTPUTS*WIDTH-1:0] out_data_o,
  output logic [OUTPUTS-1:0]       out_valid_o,
  input  logic [OUTPUTS-1:0]       out_ready_i
);

  if (WIDTH < 1) begin : gen_unmet_width_is_positive
    stream_fork_requires_that_width_is_positive violated ();
  end
  if (OUTPUTS < 1) begin : gen_unmet_outputs_are_positive
    stream_fork_requires_that_outputs_are_positive violated ();
  end

  logic             move;
  logic [WIDTH-1:0] data_q;

  // An output's valid is its "not taken yet".
  assign move       = (out_valid_o & ~out_ready_i) == '0;
  assign in_ready_o = move;
  assign out_data_o = {OUTPUTS{data_q}};

  always_ff @(posedge clk_i) begin
    if (!rst_ni) out_valid_o <= '0;
    else if (move) out_valid_o <= {OUTPUTS{in_valid_i}};
    else out_valid_o <= out_valid_o & ~out_ready_i;
    if (move) data_q <= in_data_i;
  end

endmodule
