// Changes how many elements travel in a beat; one of IN_WIDTH, OUT_WIDTH divides the other and they differ.
//
// Streams: the elements keep their order, the first ones lowest in a wide beat. Cycles per frame: the beats of the
// narrower side. Latency: 1 cycle from the beat that completes an output beat. Outputs are registers.
// Does not: pad a wide beat that the frame leaves incomplete; a frame is a whole number of wide beats.
module width_converter #(
  parameter int IN_WIDTH = 8,
  parameter int OUT_WIDTH = 16
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic [IN_WIDTH-1:0]  in_data_i,
  input  logic                 in_valid_i,
  output logic                 in_ready_o,
  output logic [OUT_WIDTH-1:0] out_data_o,
  output logic                 out_valid_o,
  input  logic                 out_ready_i
);

  localparam int Ratio = IN_WIDTH < OUT_WIDTH ? OUT_WIDTH / IN_WIDTH : IN_WIDTH / OUT_WIDTH;
  localparam int CountBits = $clog2(Ratio);

  if (IN_WIDTH < 1 || OUT_WIDTH < 1) begin : gen_unmet_widths_are_positive
    width_converter_requires_that_widths_are_positive violated ();
  end
  if (IN_WIDTH == OUT_WIDTH) begin : gen_unmet_widths_differ
    width_converter_requires_that_widths_differ violated ();
  end
  if (IN_WIDTH % OUT_WIDTH != 0 && OUT_WIDTH % IN_WIDTH != 0) begin : gen_unmet_one_width_divides_the_other
    width_converter_requires_that_one_width_divides_the_other violated ();
  end

  logic [CountBits-1:0] count_q;
  logic                 last;

  assign last = count_q == CountBits'(Ratio - 1);

  generate
    if (IN_WIDTH < OUT_WIDTH) begin : gen_widen
      // The first Ratio - 1 parts wait in `parts_q`, the newest on top; the last part goes straight to the output.
      localparam int PartsWidth = OUT_WIDTH - IN_WIDTH;
      logic [PartsWidth-1:0] parts_q;
      logic [OUT_WIDTH-1:0]  whole;

      assign whole      = {in_data_i, parts_q};
      assign in_ready_o = !last || !out_valid_o || out_ready_i;

      always_ff @(posedge clk_i) begin
        if (!rst_ni) begin
          count_q     <= '0;
          out_valid_o <= 1'b0;
        end else begin
          if (in_valid_i && in_ready_o) count_q <= last ? '0 : count_q + 1'b1;
          if (in_valid_i && in_ready_o && last) out_valid_o <= 1'b1;
          else if (out_ready_i) out_valid_o <= 1'b0;
        end
        if (in_valid_i && in_ready_o) begin
          if (last) out_data_o <= whole;
          else parts_q <= whole[OUT_WIDTH-1:IN_WIDTH];
        end
      end
    end else begin : gen_narrow
      // The beat shifts down by one output beat at a time.
      logic [IN_WIDTH-1:0] rest_q;

      assign in_ready_o = !out_valid_o || (out_ready_i && last);
      assign out_data_o = rest_q[OUT_WIDTH-1:0];

      always_ff @(posedge clk_i) begin
        if (!rst_ni) begin
          count_q     <= '0;
          out_valid_o <= 1'b0;
        end else begin
          if (in_ready_o) out_valid_o <= in_valid_i;
          if (out_valid_o && out_ready_i) count_q <= last ? '0 : count_q + 1'b1;
        end
        if (in_ready_o) rest_q <= in_data_i;
        else if (out_ready_i) rest_q <= rest_q >> OUT_WIDTH;
      end
    end
  endgenerate

endmodule
