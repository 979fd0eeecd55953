// First-in first-out buffer of DEPTH >= 2 beats.
//
// Streams: WIDTH bits in, the same out. Cycles per frame: its beats. Ready depends on registers alone, so a FIFO cuts
// the ready path between two kernels. Latency: 1 cycle (DEPTH 2), 2 cycles (deeper).
// DEPTH 2 is a register and a spare one; deeper ones are a memory of DEPTH - 1 words and its output register.
// Does not: count its beats for others, flush, or cross clocks.
module fifo #(
  parameter int WIDTH = 8,
  parameter int DEPTH = 2,
  parameter int BUFFER_BLOCK_WORDS = 0,
  parameter int BUFFER_BLOCK_WIDTH = 0,
  parameter int BUFFER_LARGE = 0
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic [WIDTH-1:0] in_data_i,
  input  logic             in_valid_i,
  output logic             in_ready_o,
  output logic [WIDTH-1:0] out_data_o,
  output logic             out_valid_o,
  input  logic             out_ready_i
);

  if (WIDTH < 1) begin : gen_unmet_width_is_positive
    fifo_requires_that_width_is_positive violated ();
  end
  if (DEPTH < 2) begin : gen_unmet_depth_is_two_or_more
    fifo_requires_that_depth_is_two_or_more violated ();
  end

  generate
    if (DEPTH == 2) begin : gen_registers
      logic [WIDTH-1:0] spare_q;
      logic             spare_valid_q;

      assign in_ready_o = !spare_valid_q;

      always_ff @(posedge clk_i) begin
        if (!rst_ni) begin
          out_valid_o   <= 1'b0;
          spare_valid_q <= 1'b0;
        end else if (!out_valid_o || out_ready_i) begin
          out_valid_o   <= spare_valid_q || in_valid_i;
          spare_valid_q <= 1'b0;
        end else if (in_valid_i) begin
          spare_valid_q <= 1'b1;
        end
        if (!out_valid_o || out_ready_i) out_data_o <= spare_valid_q ? spare_q : in_data_i;
        if (!spare_valid_q) spare_q <= in_data_i;
      end
    end else begin : gen_memory
      localparam int Words = DEPTH - 1;
      localparam int AddressBits = $clog2(Words);
      localparam int CountBits = $clog2(Words + 1);

      logic [AddressBits-1:0] write_q, read_q;
      logic [CountBits-1:0]   count_q;
      logic                   push, pop;

      assign in_ready_o = count_q != Words[CountBits-1:0];
      assign push       = in_valid_i && in_ready_o;
      assign pop        = count_q != '0 && (!out_valid_o || out_ready_i);

      always_ff @(posedge clk_i) begin
        if (!rst_ni) begin
          write_q     <= '0;
          read_q      <= '0;
          count_q     <= '0;
          out_valid_o <= 1'b0;
        end else begin
          if (push) write_q <= write_q == AddressBits'(Words - 1) ? '0 : write_q + 1'b1;
          if (pop) read_q <= read_q == AddressBits'(Words - 1) ? '0 : read_q + 1'b1;
          if (push && !pop) count_q <= count_q + 1'b1;
          if (pop && !push) count_q <= count_q - 1'b1;
          if (pop) out_valid_o <= 1'b1;
          else if (out_ready_i) out_valid_o <= 1'b0;
        end
      end

      ram #(
        .WIDTH(WIDTH),
        .WORDS(Words),
        .BLOCK_WORDS(BUFFER_BLOCK_WORDS),
        .BLOCK_WIDTH(BUFFER_BLOCK_WIDTH),
        .LARGE(BUFFER_LARGE)
      ) u_buffer (
        .clk_i          (clk_i),
        .write_i        (push),
        .write_address_i(write_q),
        .data_i         (in_data_i),
        .read_i         (pop),
        .read_address_i (read_q),
        .data_o         (out_data_o)
      );
    end
  endgenerate

endmodule
