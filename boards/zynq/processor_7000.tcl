# The processing system of a Zynq-7000 as the cell `ps`, and what block_design.tcl must know of it.
#
# DDR and pins come from the board's preset where Vivado has the board's files; else they stay as they are, which is
# right where the board's boot image has set them up before the design is loaded, as PYNQ's has.
# Sources: AMD UG585 (address map: 0x40000000 to 0x7FFFFFFF belongs to M_AXI_GP0), UG994 (block designs), PG082 (PS7).

proc add_processor {clock_mhz preset} {
  create_bd_cell -type ip -vlnv [newest processing_system7] ps
  apply_bd_automation -rule xilinx.com:bd_rule:processing_system7 -config [list make_external "FIXED_IO, DDR" \
    apply_board_preset $preset Master "Disable" Slave "Disable"] [get_bd_cells ps]
  set_property -dict [list \
    CONFIG.PCW_EN_CLK0_PORT {1} \
    CONFIG.PCW_EN_RST0_PORT {1} \
    CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ $clock_mhz \
    CONFIG.PCW_USE_M_AXI_GP0 {1} \
    CONFIG.PCW_USE_S_AXI_HP0 {1} \
    CONFIG.PCW_S_AXI_HP0_DATA_WIDTH {64} \
  ] [get_bd_cells ps]
}

set ps_clock ps/FCLK_CLK0
set ps_reset ps/FCLK_RESET0_N
set ps_control ps/M_AXI_GP0
set ps_memory ps/S_AXI_HP0
set ps_clocked {ps/M_AXI_GP0_ACLK ps/S_AXI_HP0_ACLK}
set registers_base 0x40400000
