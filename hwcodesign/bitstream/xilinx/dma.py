"""The accelerator behind an AXI DMA: `accelerator_dma`, plain Verilog, since a block design takes no SystemVerilog top.
See boards/zynq/dma_frames.sv.
"""

from hwcodesign.core.interface import Interface
from hwcodesign.emit.top_level import TOP
from hwcodesign.host.dma_bus import bus_of

DMA_TOP = "accelerator_dma"


def dma_top(interface: Interface) -> str:
    """The Verilog of `accelerator_dma`.

    `reset_i` (from the control GPIO) resets the network and what surrounds it; `error_o` is dma_frames' error.
    """
    bus = bus_of(interface)
    weights = f", .WEIGHT_FRAMES({interface.weight_frames})" if interface.weight_frames else ""
    return f"""\
// Emitted by hwcodesign; do not edit.
//
// The accelerator and its dma_frames. Vivado knows the interfaces by the names of the ports (AMD UG994).
module {DMA_TOP} (
  (* X_INTERFACE_PARAMETER = "ASSOCIATED_BUSIF s_axis:m_axis, ASSOCIATED_RESET aresetn" *)
  (* X_INTERFACE_INFO = "xilinx.com:signal:clock:1.0 aclk CLK" *)
  input  wire aclk,
  (* X_INTERFACE_PARAMETER = "POLARITY ACTIVE_LOW" *)
  (* X_INTERFACE_INFO = "xilinx.com:signal:reset:1.0 aresetn RST" *)
  input  wire aresetn,
  input  wire reset_i,
  output wire error_o,
  input  wire [{8 * bus.in_bytes - 1}:0] s_axis_tdata,
  input  wire [{bus.in_bytes - 1}:0] s_axis_tkeep,
  input  wire s_axis_tlast,
  input  wire s_axis_tvalid,
  output wire s_axis_tready,
  output wire [{8 * bus.out_bytes - 1}:0] m_axis_tdata,
  output wire [{bus.out_bytes - 1}:0] m_axis_tkeep,
  output wire m_axis_tlast,
  output wire m_axis_tvalid,
  input  wire m_axis_tready
);
  wire [{8 * interface.in_bytes - 1}:0] frame_data;
  wire frame_last, frame_valid, frame_ready;
  wire [{8 * interface.out_bytes - 1}:0] score_data;
  wire score_last, score_valid, score_ready;
  reg resetn_q;

  always @(posedge aclk) resetn_q <= aresetn && !reset_i;

  dma_frames #(
    .IN_BYTES({interface.in_bytes}), .IN_BUS_BYTES({bus.in_bytes}), .IN_BEATS({interface.in_beats}),
    .OUT_BYTES({interface.out_bytes}), .OUT_BUS_BYTES({bus.out_bytes}){weights}
  ) u_link (
    .clk_i(aclk), .rst_ni(resetn_q),
    .bus_data_i(s_axis_tdata), .bus_keep_i(s_axis_tkeep), .bus_last_i(s_axis_tlast),
    .bus_valid_i(s_axis_tvalid), .bus_ready_o(s_axis_tready),
    .frame_data_o(frame_data), .frame_last_o(frame_last),
    .frame_valid_o(frame_valid), .frame_ready_i(frame_ready),
    .score_data_i(score_data), .score_last_i(score_last),
    .score_valid_i(score_valid), .score_ready_o(score_ready),
    .bus_data_o(m_axis_tdata), .bus_keep_o(m_axis_tkeep), .bus_last_o(m_axis_tlast),
    .bus_valid_o(m_axis_tvalid), .bus_ready_i(m_axis_tready),
    .error_o(error_o)
  );

  // Its own check of frame ends cannot fail: dma_frames counts the same beats.
  {TOP} u_accelerator (
    .aclk(aclk), .aresetn(resetn_q),
    .s_axis_tdata(frame_data), .s_axis_tlast(frame_last),
    .s_axis_tvalid(frame_valid), .s_axis_tready(frame_ready),
    .m_axis_tdata(score_data), .m_axis_tlast(score_last),
    .m_axis_tvalid(score_valid), .m_axis_tready(score_ready),
    .frame_error_o()
  );
endmodule
"""
