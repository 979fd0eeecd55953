// Asserts that what goes in comes out: nothing lost, doubled, changed or reordered, and at most CAPACITY beats between.
//
// The solver marks any one beat by its number. Its data are kept as it enters, and must be what the beat of that number
// has as it leaves. Numbers count modulo Numbers, more than are ever between, so a proof by induction is of every beat.
// Neither side counts in reset: what is offered then must not come out.
module in_order #(
  parameter int WIDTH = 1,
  parameter int CAPACITY = 1
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic since_i,
  input  logic [WIDTH-1:0] in_data_i,   // what is to come out
  input  logic in_take_i,
  input  logic [WIDTH-1:0] out_data_i,
  input  logic out_valid_i,
  input  logic out_take_i,
  output logic [$clog2(CAPACITY+2)-1:0] level_o,   // beats between
  output logic [$clog2(CAPACITY+2)-1:0] ahead_o,   // beats that leave before the marked one, if that is between
  output logic marked_o,                           // the marked beat is between
  output logic [WIDTH-1:0] marked_data_o
);
  localparam int Bits = $clog2(CAPACITY + 2);

  (* anyconst *) logic [Bits-1:0] mark;
  logic [Bits-1:0] in_q, out_q;
  logic [WIDTH-1:0] marked_q;

  assign level_o       = in_q - out_q;
  assign ahead_o       = mark - out_q;
  assign marked_o      = ahead_o < level_o;
  assign marked_data_o = marked_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      in_q  <= '0;
      out_q <= '0;
    end else begin
      if (in_take_i) in_q <= in_q + 1'b1;
      if (out_take_i) out_q <= out_q + 1'b1;
    end
    if (in_take_i && in_q == mark) marked_q <= in_data_i;
  end

  always_comb begin
    if (since_i && rst_ni) begin
      assert (level_o <= Bits'(CAPACITY));
      if (out_valid_i) begin
        assert (level_o != '0);
        if (ahead_o == '0) assert (out_data_i == marked_q);
      end
    end
  end
endmodule
