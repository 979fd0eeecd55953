// A whole accelerator between a file and a file, so that Python need not touch every cycle; for simulation only.
//
// Plusargs: +input=FILE (binary beats), +output=FILE (`cycle last hexdata` lines), +input_stall=N, +output_stall=N (of
// 2**24 cycles), +output_hold=CYCLES. The cocotb test in network_test.py drives the clock, the reset and the *_i ports,
// and watches the others: stopped_o goes up, until the next reset, once as many beats went in or came out, or as many
// cycles passed, as the stop ports say. Nothing here is shared with the design.
module network_bench #(
  parameter int unsigned IN_BYTES = 1,
  parameter int unsigned IN_BEATS = 1,  // beats of one input frame
  parameter int unsigned OUT_BYTES = 4,
  parameter int unsigned WEIGHT_BEATS = 0  // that load memories, before the first frame
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [31:0] wrong_last_i,
  input  logic [31:0] stop_in_i,
  input  logic [31:0] stop_out_i,
  input  logic [31:0] stop_cycle_i,
  output logic        stopped_o,
  output logic [31:0] beats_in_o,
  output logic [31:0] beats_out_o,
  output logic [63:0] cycle_o,
  output logic [63:0] first_beat_cycle_o,
  output logic        dropped_o,
  output logic        changed_o,
  output logic        frame_error_o
);
  logic [8*IN_BYTES-1:0]  in_data;
  logic                   in_valid, in_ready, in_last;
  logic [8*OUT_BYTES-1:0] out_data;
  logic                   out_valid, out_ready, out_last;
  logic [24:0]            input_stall, output_stall;
  logic [31:0]            output_hold;

  initial begin
    if (!$value$plusargs("input_stall=%d", input_stall)) input_stall = '0;
    if (!$value$plusargs("output_stall=%d", output_stall)) output_stall = '0;
    if (!$value$plusargs("output_hold=%d", output_hold)) output_hold = '0;
  end

  stream_source #(.BYTES(IN_BYTES), .BEATS(IN_BEATS), .FILE_ARG("input")) u_source (
    .clk_i, .rst_ni, .stall_i(input_stall), .wrong_last_i,
    .data_o(in_data), .last_o(in_last), .valid_o(in_valid), .ready_i(in_ready), .beats_o(beats_in_o)
  );

  accelerator u_accelerator (
    .aclk(clk_i), .aresetn(rst_ni),
    .s_axis_tdata(in_data), .s_axis_tvalid(in_valid), .s_axis_tready(in_ready), .s_axis_tlast(in_last),
    .m_axis_tdata(out_data), .m_axis_tvalid(out_valid), .m_axis_tready(out_ready), .m_axis_tlast(out_last),
    .frame_error_o
  );

  stream_sink #(.BYTES(OUT_BYTES), .FILE_ARG("output")) u_sink (
    .clk_i, .rst_ni, .cycle_i(cycle_o), .stall_i(output_stall), .hold_i(output_hold),
    .data_i(out_data), .valid_i(out_valid), .last_i(out_last), .ready_o(out_ready),
    .beats_o(beats_out_o), .dropped_o, .changed_o
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      cycle_o            <= '0;
      first_beat_cycle_o <= '0;
      stopped_o          <= 1'b0;
    end else begin
      cycle_o <= cycle_o + 1;
      if (beats_in_o == WEIGHT_BEATS && in_valid && in_ready) first_beat_cycle_o <= cycle_o;
      if (beats_in_o == stop_in_i || beats_out_o == stop_out_i || cycle_o == 64'(stop_cycle_i)) stopped_o <= 1'b1;
    end
  end
endmodule
