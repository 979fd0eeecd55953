// The sum of COUNT elements, pipelined: four elements become one, then a register, until one is left.
//
// Latency: Stages = ceil(log4(COUNT)) clocks; no register at all when COUNT is 1. Stage s loads its registers when
// stage_en_i[s] is high, so the parent's valid bits and its stall go straight in. Element 0 lies lowest in data_i. The
// sum is taken modulo 2**OUT_BITS. It has no reset and no valid bits of its own.
module adder_tree #(
  parameter int COUNT = 1,
  parameter int IN_BITS = 1,
  parameter int SIGNED = 1,
  parameter int OUT_BITS = 1
) (
  input  logic clk_i,
  input  logic [(COUNT > 1 ? ($clog2(COUNT) + 1) / 2 : 1)-1:0] stage_en_i,
  input  logic [COUNT*IN_BITS-1:0] data_i,
  output logic [OUT_BITS-1:0] sum_o
);
  if (COUNT < 1 || IN_BITS < 1 || OUT_BITS < 1) begin : gen_unmet_sizes_are_positive
    adder_tree_requires_that_sizes_are_positive violated ();
  end

  if (COUNT == 1) begin : gen_leaf
    assign sum_o = OUT_BITS'($signed({(SIGNED != 0) && data_i[IN_BITS-1], data_i}));
    logic unused;
    assign unused = ^{clk_i, stage_en_i};
  end else begin : gen_stage
    localparam int Groups = (COUNT + 3) / 4;
    localparam int GrownBits = IN_BITS + ((COUNT == 2) ? 1 : 2);
    localparam int SumBits = (GrownBits < OUT_BITS) ? GrownBits : OUT_BITS;
    localparam int Stages = ($clog2(COUNT) + 1) / 2;

    function automatic logic [SumBits-1:0] extended(input logic [IN_BITS-1:0] element);
      extended = SumBits'($signed({(SIGNED != 0) && element[IN_BITS-1], element}));
    endfunction

    logic [Groups*SumBits-1:0] sums_q;

    for (genvar g = 0; g < Groups; g++) begin : gen_group
      localparam int First = 4 * g;
      localparam int Members = (COUNT - First < 4) ? COUNT - First : 4;
      logic [SumBits-1:0] sum;
      if (Members == 1) begin : gen_one
        assign sum = extended(data_i[First*IN_BITS+:IN_BITS]);
      end else if (Members == 2) begin : gen_two
        assign sum = extended(data_i[First*IN_BITS+:IN_BITS]) + extended(data_i[(First+1)*IN_BITS+:IN_BITS]);
      end else if (Members == 3) begin : gen_three
        assign sum = extended(data_i[First*IN_BITS+:IN_BITS]) + extended(data_i[(First+1)*IN_BITS+:IN_BITS])
                   + extended(data_i[(First+2)*IN_BITS+:IN_BITS]);
      end else begin : gen_four
        assign sum = (extended(data_i[First*IN_BITS+:IN_BITS]) + extended(data_i[(First+1)*IN_BITS+:IN_BITS]))
                   + (extended(data_i[(First+2)*IN_BITS+:IN_BITS]) + extended(data_i[(First+3)*IN_BITS+:IN_BITS]));
      end
      always_ff @(posedge clk_i) begin
        if (stage_en_i[0]) sums_q[g*SumBits+:SumBits] <= sum;
      end
    end

    logic [((Stages > 1) ? Stages - 1 : 1)-1:0] rest_en;
    if (Stages > 1) begin : gen_more
      assign rest_en = stage_en_i[Stages-1:1];
    end else begin : gen_last
      assign rest_en = 1'b0;
    end

    adder_tree #(
      .COUNT(Groups), .IN_BITS(SumBits), .SIGNED(SIGNED), .OUT_BITS(OUT_BITS)
    ) u_rest (
      .clk_i, .stage_en_i(rest_en), .data_i(sums_q), .sum_o
    );
  end
endmodule
