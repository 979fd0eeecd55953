// Between an AXI DMA and the accelerator: beats of a bus that is a power of two of bytes wide, packets of whole batches.
//
// In: the low IN_BYTES of each bus beat are one beat of the network; a packet (up to tlast) is any number of frames of
// IN_BEATS beats. Out: every score sign-extended to the bus; one packet for each packet in, so that a DMA needs one
// transfer each way for a batch, whatever its size. All bytes of a beat count, so tkeep is all ones; error_o goes up
// and stays up when an input beat is not whole, or tlast stands where no frame ends.
//
// Combinational from end to end, one beat a cycle; the next packet is taken once the last score of the one before has
// left. A frame's last score waits until all of the frame is in, since only then it is known whether another follows.
// The first WEIGHT_FRAMES frames after a reset, in one packet or in several, load memories: they have no scores.
module dma_frames #(
  parameter int unsigned IN_BYTES      = 1,
  parameter int unsigned IN_BUS_BYTES  = 1,
  parameter int unsigned IN_BEATS      = 1,
  parameter int unsigned OUT_BYTES     = 1,
  parameter int unsigned OUT_BUS_BYTES = 1,
  parameter int unsigned WEIGHT_FRAMES = 0
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  // from the DMA
  input  logic [8*IN_BUS_BYTES-1:0]  bus_data_i,
  input  logic [IN_BUS_BYTES-1:0]    bus_keep_i,
  input  logic                       bus_last_i,
  input  logic                       bus_valid_i,
  output logic                       bus_ready_o,
  // to the network
  output logic [8*IN_BYTES-1:0]      frame_data_o,
  output logic                       frame_last_o,
  output logic                       frame_valid_o,
  input  logic                       frame_ready_i,
  // from the network
  input  logic [8*OUT_BYTES-1:0]     score_data_i,
  input  logic                       score_last_i,
  input  logic                       score_valid_i,
  output logic                       score_ready_o,
  // to the DMA
  output logic [8*OUT_BUS_BYTES-1:0] bus_data_o,
  output logic [OUT_BUS_BYTES-1:0]   bus_keep_o,
  output logic                       bus_last_o,
  output logic                       bus_valid_o,
  input  logic                       bus_ready_i,
  output logic                       error_o
);
  logic [31:0] inside_q;  // frames that are in and whose last score has not left
  logic        closed_q;  // the packet's last frame is in
  logic        taken, scored, known, loading;

  // Bytes that only fill the bus.
  if (IN_BUS_BYTES > IN_BYTES) begin : gen_unused
    logic [8*(IN_BUS_BYTES-IN_BYTES)-1:0] unused;
    assign unused = bus_data_i[8*IN_BUS_BYTES-1:8*IN_BYTES];
  end

  assign frame_data_o  = bus_data_i[8*IN_BYTES-1:0];
  assign frame_valid_o = bus_valid_i && !closed_q;
  assign bus_ready_o   = frame_ready_i && !closed_q;
  assign taken         = frame_valid_o && frame_ready_i && frame_last_o && !loading;

  if (WEIGHT_FRAMES > 0) begin : gen_weights
    logic [31:0] loaded_q;
    assign loading = loaded_q != WEIGHT_FRAMES;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) loaded_q <= '0;
      else if (loading && frame_valid_o && frame_ready_i && frame_last_o) loaded_q <= loaded_q + 32'd1;
    end
  end else begin : gen_no_weights
    assign loading = 1'b0;
  end

  frame_last #(.BEATS(IN_BEATS)) u_frame_last (
    .clk_i, .rst_ni, .valid_i(frame_valid_o), .ready_i(frame_ready_i), .last_o(frame_last_o)
  );

  assign known         = !score_last_i || (inside_q != '0);
  assign bus_data_o    = (8 * OUT_BUS_BYTES)'($signed(score_data_i));
  assign bus_keep_o    = '1;
  assign bus_last_o    = score_last_i && closed_q && (inside_q == 32'd1);
  assign bus_valid_o   = score_valid_i && known;
  assign score_ready_o = bus_ready_i && known;
  assign scored        = score_valid_i && score_ready_o && score_last_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      inside_q <= '0;
      closed_q <= 1'b0;
      error_o  <= 1'b0;
    end else begin
      inside_q <= inside_q + 32'(taken) - 32'(scored);
      if (taken && bus_last_i) closed_q <= 1'b1;
      else if (scored && bus_last_o) closed_q <= 1'b0;
      if (frame_valid_o && frame_ready_i && ((bus_last_i && !frame_last_o) || (bus_keep_i != '1))) error_o <= 1'b1;
    end
  end
endmodule
