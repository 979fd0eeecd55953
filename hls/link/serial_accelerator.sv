// The network behind a serial line: everything on the chip but clock, reset and pins.
//
// IN_BYTES, IN_BEATS, OUT_BYTES, OUT_BEATS and WEIGHT_FRAMES are those of the emitted `accelerator` (interface.json).
// serial_link.sv says what travels on the line.
module serial_accelerator #(
  parameter int CLOCKS_PER_BIT = 8,
  parameter int TIMEOUT_CLOCKS = 5000,
  parameter int IN_BYTES = 1,
  parameter int IN_BEATS = 1,
  parameter int OUT_BYTES = 1,
  parameter int OUT_BEATS = 1,
  parameter int WEIGHT_FRAMES = 0,
  parameter logic [63:0] DESIGN_HASH = '0
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic rx_i,
  output logic tx_o
);

  if (IN_BYTES < 1 || IN_BEATS < 1 || OUT_BYTES < 1 || OUT_BEATS < 1) begin : gen_unmet_sizes_are_positive
    serial_accelerator_requires_that_sizes_are_positive violated ();
  end

  logic [8*IN_BYTES-1:0]  image_data;
  logic                   image_valid, image_ready, image_last;
  logic [8*OUT_BYTES-1:0] score_data;
  logic                   score_valid, score_ready;

  serial_link #(
    .CLOCKS_PER_BIT(CLOCKS_PER_BIT),
    .TIMEOUT_CLOCKS(TIMEOUT_CLOCKS),
    .IN_BYTES      (IN_BYTES),
    .IN_BEATS      (IN_BEATS),
    .OUT_BYTES     (OUT_BYTES),
    .OUT_BEATS     (OUT_BEATS),
    .WEIGHT_FRAMES (WEIGHT_FRAMES),
    .DESIGN_HASH   (DESIGN_HASH)
  ) u_link (
    .clk_i        (clk_i),
    .rst_ni       (rst_ni),
    .rx_i         (rx_i),
    .tx_o         (tx_o),
    .image_data_o (image_data),
    .image_valid_o(image_valid),
    .image_ready_i(image_ready),
    .image_last_o (image_last),
    .score_data_i (score_data),
    .score_valid_i(score_valid),
    .score_ready_o(score_ready)
  );

  accelerator u_accelerator (
    .aclk         (clk_i),
    .aresetn      (rst_ni),
    .s_axis_tdata (image_data),
    .s_axis_tvalid(image_valid),
    .s_axis_tready(image_ready),
    .s_axis_tlast (image_last),
    .m_axis_tdata (score_data),
    .m_axis_tvalid(score_valid),
    .m_axis_tready(score_ready),
    .m_axis_tlast (),
    .frame_error_o()
  );

endmodule
