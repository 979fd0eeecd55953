// Properties of fifo, for every DEPTH.
module fifo_properties #(
  parameter int DEPTH = 2
) (
  input logic clk_i,
  input logic rst_ni,
  input logic [1:0] in_data_i,
  input logic in_valid_i,
  input logic out_ready_i
);
  logic since, in_ready, out_valid;
  logic [1:0] out_data;

  reset_first u_reset (
    .clk_i, .rst_ni, .since_o(since)
  );

  fifo #(
    .WIDTH(2), .DEPTH(DEPTH)
  ) dut (
    .clk_i, .rst_ni, .in_data_i, .in_valid_i, .in_ready_o(in_ready), .out_data_o(out_data), .out_valid_o(out_valid),
    .out_ready_i
  );

  stream_rules #(
    .WIDTH(2)
  ) u_out (
    .clk_i, .rst_ni, .data_i(out_data), .valid_i(out_valid), .ready_i(out_ready_i)
  );

  keeps_going #(
    .CLOCKS(2)
  ) u_going (
    .clk_i, .rst_ni, .offered_i(in_valid_i && out_ready_i), .moves_i(out_valid)
  );

  localparam int Bits = $clog2(DEPTH + 2);
  localparam int Words = DEPTH > 2 ? DEPTH - 1 : 2;
  localparam int AddressBits = $clog2(Words);
  localparam int CountBits = $clog2(Words + 1);
  logic [Bits-1:0] level, ahead;
  logic marked;
  logic [1:0] marked_data;

  in_order #(
    .WIDTH(2), .CAPACITY(DEPTH)
  ) u_order (
    .clk_i, .rst_ni, .since_i(since),
    .in_data_i, .in_take_i(in_valid_i && in_ready), .out_data_i(out_data), .out_valid_i(out_valid),
    .out_take_i(out_valid && out_ready_i), .level_o(level), .ahead_o(ahead), .marked_o(marked),
    .marked_data_o(marked_data)
  );

  // Where the beats lie inside; those of the branch that is not there are left out.
  (* hierconn *) logic \dut.gen_registers.spare_valid_q ;
  (* hierconn *) logic [1:0] \dut.gen_registers.spare_q ;
  (* hierconn *) logic [AddressBits-1:0] \dut.gen_memory.write_q ;
  (* hierconn *) logic [AddressBits-1:0] \dut.gen_memory.read_q ;
  (* hierconn *) logic [CountBits-1:0] \dut.gen_memory.count_q ;
  (* hierconn *) logic [1:0] \dut.gen_memory.u_buffer.gen_columns.u_columns.genblk3.gen_lut.words[0] ;
  (* hierconn *) logic [1:0] \dut.gen_memory.u_buffer.gen_columns.u_columns.genblk3.gen_lut.words[1] ;
  (* hierconn *) logic [1:0] \dut.gen_memory.u_buffer.gen_columns.u_columns.genblk3.gen_lut.words[2] ;
  logic [7:0] words;
  assign words = {
    2'b0,
    \dut.gen_memory.u_buffer.gen_columns.u_columns.genblk3.gen_lut.words[2] ,
    \dut.gen_memory.u_buffer.gen_columns.u_columns.genblk3.gen_lut.words[1] ,
    \dut.gen_memory.u_buffer.gen_columns.u_columns.genblk3.gen_lut.words[0]
  };

  // A place in the ring, so many words on.
  function automatic logic [AddressBits-1:0] ring(input logic [AddressBits-1:0] place, input logic [CountBits-1:0] on);
    logic [AddressBits:0] sum;
    sum  = {1'b0, place} + (AddressBits + 1)'(on);
    ring = sum < (AddressBits + 1)'(Words) ? AddressBits'(sum) : AddressBits'(sum - (AddressBits + 1)'(Words));
  endfunction

  if (DEPTH == 2) begin : gen_registers
    always_comb begin
      if (since) begin
        assert (level == Bits'(out_valid) + Bits'(\dut.gen_registers.spare_valid_q ));
        if (\dut.gen_registers.spare_valid_q ) assert (out_valid);
        if (marked && ahead == 1) assert (\dut.gen_registers.spare_q == marked_data);
      end
    end
  end else begin : gen_memory
    always_comb begin
      if (since) begin
        assert (level == Bits'(out_valid) + Bits'(\dut.gen_memory.count_q ));
        assert (\dut.gen_memory.write_q < Words && \dut.gen_memory.read_q < Words && \dut.gen_memory.count_q <= Words);
        assert (ring(\dut.gen_memory.read_q , \dut.gen_memory.count_q ) == \dut.gen_memory.write_q );
        if (marked && ahead >= Bits'(out_valid)) begin
          assert (words[2*ring(\dut.gen_memory.read_q , CountBits'(ahead - Bits'(out_valid)))+:2] == marked_data);
        end
      end
    end
  end

  always_comb cover (since && rst_ni && level == Bits'(DEPTH) && marked && ahead == Bits'(DEPTH - 1));
endmodule
