# The processing system of a Zynq UltraScale+ as the cell `ps`, and what block_design.tcl must know of it.
#
# DDR and pins come from the board's preset where Vivado has the board's files; else they stay as they are, which is
# right where the board's boot image has set them up before the design is loaded, as PYNQ's has.
# Sources: AMD UG1085 (address map: 0xA0000000 to 0xAFFFFFFF belongs to M_AXI_HPM0_FPD), UG994, PG201 (PS of the MPSoC;
# S_AXI_GP2 is the port HP0).

proc add_processor {clock_mhz preset} {
  create_bd_cell -type ip -vlnv [newest zynq_ultra_ps_e] ps
  apply_bd_automation -rule xilinx.com:bd_rule:zynq_ultra_ps_e -config [list apply_board_preset $preset] \
    [get_bd_cells ps]
  set_property -dict [list \
    CONFIG.PSU__FPGA_PL0_ENABLE {1} \
    CONFIG.PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ $clock_mhz \
    CONFIG.PSU__USE__M_AXI_GP0 {1} \
    CONFIG.PSU__USE__M_AXI_GP1 {0} \
    CONFIG.PSU__USE__M_AXI_GP2 {0} \
    CONFIG.PSU__USE__S_AXI_GP2 {1} \
    CONFIG.PSU__SAXIGP2__DATA_WIDTH {128} \
  ] [get_bd_cells ps]
}

set ps_clock ps/pl_clk0
set ps_reset ps/pl_resetn0
set ps_control ps/M_AXI_HPM0_FPD
set ps_memory ps/S_AXI_HP0_FPD
set ps_clocked {ps/maxihpm0_fpd_aclk ps/saxihp0_fpd_aclk}
set registers_base 0xA0000000
