// Properties of width_converter from IN_WIDTH to OUT_WIDTH bits. The solver marks one narrow beat of one wide one.
module width_converter_properties #(
  parameter int IN_WIDTH = 2,
  parameter int OUT_WIDTH = 6
) (
  input logic clk_i,
  input logic rst_ni,
  input logic [IN_WIDTH-1:0] in_data_i,
  input logic in_valid_i,
  input logic out_ready_i
);
  localparam bit Widens = IN_WIDTH < OUT_WIDTH;
  localparam int Part = Widens ? IN_WIDTH : OUT_WIDTH;
  localparam int Whole = Widens ? OUT_WIDTH : IN_WIDTH;
  localparam int Ratio = Whole / Part;
  localparam int PartBits = $clog2(Ratio);

  logic since, in_ready, out_valid, in_take, out_take;
  logic [OUT_WIDTH-1:0] out_data;

  reset_first u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  width_converter #(
    .IN_WIDTH(IN_WIDTH), .OUT_WIDTH(OUT_WIDTH)
  ) dut (
    .clk_i, .rst_ni, .in_data_i, .in_valid_i, .in_ready_o(in_ready), .out_data_o(out_data), .out_valid_o(out_valid),
    .out_ready_i
  );

  stream_rules #(
    .WIDTH(OUT_WIDTH)
  ) u_out (
    .clk_i, .rst_ni, .data_i(out_data), .valid_i(out_valid), .ready_i(out_ready_i)
  );

  assign in_take = in_valid_i && in_ready;
  assign out_take = out_valid && out_ready_i;

  keeps_going #(
    .CLOCKS(1)
  ) u_going (
    .clk_i, .rst_ni, .offered_i(in_valid_i && out_ready_i), .moves_i(in_take || out_take)
  );

  // The narrow side counts parts; a wide beat is whole at its last one.
  (* anyconst *) logic [PartBits-1:0] part;
  logic [PartBits-1:0] part_q;
  logic part_last;
  assign part_last = part_q == PartBits'(Ratio - 1);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) part_q <= '0;
    else if (Widens ? in_take : out_take) part_q <= part_last ? '0 : part_q + 1'b1;
  end
  always_comb begin
    assume (32'(part) < Ratio);
    if (since) assert (32'(part_q) < Ratio);
  end

  // The marked part of each wide beat, in order.
  logic [Part-1:0] in_part_q, in_part, out_part, marked_data;
  logic [1:0] level, ahead;
  logic marked;
  always_ff @(posedge clk_i) begin
    if (in_take && part_q == part) in_part_q <= in_data_i[Part-1:0];
  end
  assign in_part = !Widens ? in_data_i[part*Part+:Part] : part_last && part == part_q ? in_data_i[Part-1:0] : in_part_q;
  assign out_part = Widens ? out_data[part*Part+:Part] : out_data[Part-1:0];

  in_order #(
    .WIDTH(Part), .CAPACITY(1)
  ) u_order (
    .clk_i, .rst_ni, .since_i(since), .in_data_i(in_part), .in_take_i(in_take && (!Widens || part_last)),
    .out_data_i(out_part), .out_valid_i(out_valid && (Widens || part_q == part)),
    .out_take_i(out_take && (Widens || part_last)), .level_o(level), .ahead_o(ahead), .marked_o(marked),
    .marked_data_o(marked_data)
  );

  // Where the parts lie inside.
  (* hierconn *) logic [PartBits-1:0] \dut.count_q ;
  (* hierconn *) logic [Whole-Part-1:0] \dut.gen_widen.parts_q ;
  (* hierconn *) logic [Whole-1:0] \dut.gen_narrow.rest_q ;
  always_comb begin
    if (since) begin
      assert (\dut.count_q == part_q);
      assert (level == 2'(out_valid));
      if (Widens && part_q > part) begin
        assert (Part'(\dut.gen_widen.parts_q >> (Ratio - 1 - (32'(part_q) - 32'(part))) * Part) == in_part_q);
      end
      if (!Widens && !out_valid) assert (part_q == 0);
      if (!Widens && marked && part_q <= part) begin
        assert (Part'(\dut.gen_narrow.rest_q >> (32'(part) - 32'(part_q)) * Part) == marked_data);
      end
    end
  end

  always_comb cover (since && rst_ni && marked && part_q == 1 && !out_ready_i);
endmodule
