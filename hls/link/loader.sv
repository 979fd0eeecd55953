// In front of a design's input: after reset the first beats are its loaded memories' words, then it passes frames on.
//
// The words come as a whole number of frames: beats, and behind the last word beats without a meaning up to the end of
// a frame (in_last_i). Each goes to the first of COUNT memories that is still loading, with two clocks of silence
// behind it, in which that one writes the word and perhaps says that it is full. See loaded_memory.sv. Once all are
// full, beats go straight through, in the very clock in which they come; the data do so all the time, outside of this
// module.
// Does not: notice words that were meant for another design; keep anything over a reset.
module loader #(
  parameter int BITS = 8,
  parameter int COUNT = 1
) (
  input  logic            clk_i,
  input  logic            rst_ni,
  input  logic [BITS-1:0] in_data_i,
  input  logic            in_valid_i,
  input  logic            in_last_i,
  output logic            in_ready_o,
  output logic            out_valid_o,
  input  logic            out_ready_i,
  output logic [BITS-1:0] load_data_o,
  output logic [COUNT-1:0] load_valid_o,
  input  logic [COUNT-1:0] loading_i
);
  if (BITS < 1 || COUNT < 1) begin : gen_unmet_sizes_are_positive
    loader_requires_that_sizes_are_positive violated ();
  end

  logic passing_q;  // frames
  logic valid_q;    // of load_data_o
  logic silent_q;   // a clock later
  logic end_q;      // the last beat ended a frame
  logic take, still, done;

  assign still       = !valid_q && !silent_q;
  assign done        = !loading_i[COUNT-1] && end_q;
  assign take        = in_valid_i && !passing_q && still && !done;
  assign in_ready_o  = passing_q ? out_ready_i : still && !done;
  assign out_valid_o = passing_q && in_valid_i;

  // They fill up one after the other, so each looks at the one before it alone.
  assign load_valid_o[0] = valid_q;
  for (genvar i = 1; i < COUNT; i++) begin : gen_turn
    assign load_valid_o[i] = valid_q && !loading_i[i-1];
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      passing_q <= 1'b0;
      valid_q   <= 1'b0;
      silent_q  <= 1'b0;
      end_q     <= 1'b0;
    end else begin
      valid_q  <= take;
      silent_q <= valid_q;
      if (take) end_q <= in_last_i;
      if (done && still) passing_q <= 1'b1;
    end
    if (take) load_data_o <= in_data_i;
  end
endmodule
