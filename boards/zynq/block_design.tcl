# The block design `system`: processor, AXI DMA, the network. Sourced after settings.tcl and one processor_*.tcl.
#
#   memory <- ps_memory <- memory_bus <- dma <-> network      frames out of memory, scores into it
#   ps_control -> control_bus -> dma's registers, control      a GPIO: bit 0 out resets the network, bit 0 in is its error
#
# Sources: AMD PG021 (AXI DMA: simple mode, at most 2**c_sg_length_width - 1 bytes a transfer), PG144 (AXI GPIO),
# PG164 (reset), PG247 (SmartConnect), UG994 (module references; their top must be Verilog).

proc newest {ip} {
  set found [get_ipdefs -filter "NAME == $ip"]
  if {[llength $found] == 0} { error "this Vivado has no IP $ip for the part" }
  return [get_property VLNV [lindex $found end]]
}

proc add {ip cell args} {
  create_bd_cell -type ip -vlnv [newest $ip] $cell
  if {[llength $args]} { set_property -dict $args [get_bd_cells $cell] }
}

proc wire {source args} {
  foreach target $args { connect_bd_net [get_bd_pins $source] [get_bd_pins $target] }
}

proc bus {from to} {
  connect_bd_intf_net [get_bd_intf_pins $from] [get_bd_intf_pins $to]
}

# A ROM whose image is not found is left empty, with no more than a critical warning: make that an error.
set_msg_config -id {Synth 8-4445} -new_severity ERROR

set preset 0
if {$board_part ne "" && [llength [get_board_parts -quiet $board_part]]} {
  set_property board_part $board_part [current_project]
  set preset 1
}
update_compile_order -fileset sources_1
create_bd_design system
add_processor $clock_mhz $preset

add proc_sys_reset reset
add smartconnect control_bus CONFIG.NUM_SI 1 CONFIG.NUM_MI 2
add smartconnect memory_bus CONFIG.NUM_SI 2 CONFIG.NUM_MI 1
add axi_gpio control CONFIG.C_GPIO_WIDTH 1 CONFIG.C_ALL_OUTPUTS 1 CONFIG.C_IS_DUAL 1 CONFIG.C_GPIO2_WIDTH 1 \
  CONFIG.C_ALL_INPUTS_2 1
add axi_dma dma CONFIG.c_include_sg 0 CONFIG.c_sg_include_stscntrl_strm 0 CONFIG.c_sg_length_width 26 \
  CONFIG.c_m_axis_mm2s_tdata_width $in_bus_bits CONFIG.c_m_axi_mm2s_data_width $in_memory_bits \
  CONFIG.c_m_axi_s2mm_data_width $out_memory_bits
create_bd_cell -type module -reference accelerator_dma network

wire $ps_clock {*}$ps_clocked reset/slowest_sync_clk control_bus/aclk memory_bus/aclk control/s_axi_aclk \
  dma/s_axi_lite_aclk dma/m_axi_mm2s_aclk dma/m_axi_s2mm_aclk network/aclk
wire $ps_reset reset/ext_reset_in
wire reset/interconnect_aresetn control_bus/aresetn memory_bus/aresetn
wire reset/peripheral_aresetn control/s_axi_aresetn dma/axi_resetn network/aresetn
wire control/gpio_io_o network/reset_i
wire network/error_o control/gpio2_io_i

bus $ps_control control_bus/S00_AXI
bus control_bus/M00_AXI dma/S_AXI_LITE
bus control_bus/M01_AXI control/S_AXI
bus dma/M_AXI_MM2S memory_bus/S00_AXI
bus dma/M_AXI_S2MM memory_bus/S01_AXI
bus memory_bus/M00_AXI $ps_memory
bus dma/M_AXIS_MM2S network/s_axis
bus network/m_axis dma/S_AXIS_S2MM

assign_bd_address -offset $registers_base -range 64K [get_bd_addr_segs dma/S_AXI_LITE/Reg]
assign_bd_address -offset [format 0x%X [expr {$registers_base + 0x10000}]] -range 64K [get_bd_addr_segs control/S_AXI/Reg]
assign_bd_address

validate_bd_design
save_bd_design
# One synthesis for all: modules synthesized apart would have to find the memory images by themselves.
set_property synth_checkpoint_mode None [get_files system.bd]
generate_target all [get_files system.bd]
make_wrapper -files [get_files system.bd] -top -import
