// Keeps the TOP highest of the keys that come in, by their indices, best first.
//
// A key comes in with each step_i while take_i is high; index_i counts the keys of a frame from 0, so that no slot needs
// a reset. While take_i is low, a step_i moves the next best index to best_o. Keys are signed; of equal ones the one
// that came first stays in front. Latency: 1. It does not keep the keys of the indices that leave.
module ranking #(
  parameter int TOP = 1,
  parameter int KEY_BITS = 2,
  parameter int INDEX_BITS = 1
) (
  input  logic clk_i,
  input  logic step_i,
  input  logic take_i,
  input  logic [KEY_BITS-1:0] key_i,
  input  logic [INDEX_BITS-1:0] index_i,
  output logic [INDEX_BITS-1:0] best_o
);
  if (TOP < 1 || KEY_BITS < 1 || INDEX_BITS < 1) begin : gen_unmet_sizes_are_positive
    ranking_requires_that_sizes_are_positive violated ();
  end

  // The best TOP so far, best in slot 0; slot t is filled once more than t keys have come in.
  logic [TOP*KEY_BITS-1:0] keys_q;
  logic [TOP*INDEX_BITS-1:0] indices_q;
  logic [TOP-1:0] behind;

  assign best_o = indices_q[INDEX_BITS-1:0];

  // The new key goes in before the first slot that is empty or holds less; the slots from there on move back. While
  // the indices leave, every slot moves forward.
  for (genvar t = 0; t < TOP; t++) begin : gen_slot
    assign behind[t] = (index_i <= INDEX_BITS'(t)) || ($signed(key_i) > $signed(keys_q[t*KEY_BITS+:KEY_BITS]));

    if (t == 0) begin : gen_front
      always_ff @(posedge clk_i) begin
        if (step_i && take_i && behind[0]) begin
          keys_q[0+:KEY_BITS] <= key_i;
          indices_q[0+:INDEX_BITS] <= index_i;
        end else if (step_i && !take_i && (TOP > 1)) begin
          indices_q[0+:INDEX_BITS] <= indices_q[((TOP > 1) ? INDEX_BITS : 0)+:INDEX_BITS];
        end
      end
    end else begin : gen_back
      localparam int Next = (t + 1 < TOP) ? t + 1 : t;
      always_ff @(posedge clk_i) begin
        if (step_i && take_i && behind[t]) begin
          keys_q[t*KEY_BITS+:KEY_BITS] <= behind[t-1] ? keys_q[(t-1)*KEY_BITS+:KEY_BITS] : key_i;
          indices_q[t*INDEX_BITS+:INDEX_BITS] <= behind[t-1] ? indices_q[(t-1)*INDEX_BITS+:INDEX_BITS] : index_i;
        end else if (step_i && !take_i) begin
          indices_q[t*INDEX_BITS+:INDEX_BITS] <= indices_q[Next*INDEX_BITS+:INDEX_BITS];
        end
      end
    end
  end
endmodule
