# A stand-in for Vivado: knows the commands that our projects use, and fails where Vivado would fail or be silent:
# a file that is not there, an IP, pin or cell that does not exist, a clock, reset or interface left open.
#
# Pins are those of the product guides: PG021 (axi_dma), PG144 (axi_gpio), PG164 (proc_sys_reset), PG247 (smartconnect),
# PG082 (processing_system7), PG201 (zynq_ultra_ps_e). A pin with a < must be driven.

set ips {
  axi_dma {pins {s_axi_lite_aclk< m_axi_mm2s_aclk< m_axi_s2mm_aclk< axi_resetn<}
    buses {S_AXI_LITE M_AXI_MM2S M_AXI_S2MM M_AXIS_MM2S S_AXIS_S2MM}}
  axi_gpio {pins {s_axi_aclk< s_axi_aresetn< gpio_io_o gpio2_io_i<} buses {S_AXI}}
  proc_sys_reset {pins {slowest_sync_clk< ext_reset_in< interconnect_aresetn peripheral_aresetn} buses {}}
  smartconnect {pins {aclk< aresetn<} buses {}}
  processing_system7 {pins {FCLK_CLK0 FCLK_RESET0_N M_AXI_GP0_ACLK< S_AXI_HP0_ACLK<} buses {M_AXI_GP0 S_AXI_HP0}}
  zynq_ultra_ps_e {pins {pl_clk0 pl_resetn0 maxihpm0_fpd_aclk< saxihp0_fpd_aclk<} buses {M_AXI_HPM0_FPD S_AXI_HP0_FPD}}
}
set pins {}      ;# path -> 1 where it must be driven
set buses {}
set driven {}
set joined {}
set cells {}
set project ""
set settings {}
set opened 0     ;# 1: the project is opened, not created
set addresses {}

proc must {condition message} { if {![uplevel 1 [list expr $condition]]} { error $message } }
proc option {arguments name} { return [lindex $arguments [expr {[lsearch -exact $arguments $name] + 1}]] }
proc read_file {path} { set f [open $path]; set text [read $f]; close $f; return $text }
proc write_file {path text} { file mkdir [file dirname $path]; set f [open $path w]; puts -nonewline $f $text; close $f }

proc create_project {name args} {
  set ::project $name
  if {!$::opened} { file delete -force $name.runs }
  write_file $name.xpr "project"
  if {$::env(FAKE_STOP) eq "project"} { exit 1 }
}
proc current_project {} { return $::project }
proc current_fileset {} { return sources_1 }
proc get_filesets {name} { return $name }
proc current_run {} { return impl_1 }
proc get_runs {name} { return $name }
proc get_board_parts {args} { return {} }
proc set_msg_config {args} {}
proc update_compile_order {args} {}
proc list_property {args} { return {} }
set ::modules ""
foreach command {read_verilog read_mem read_xdc} {
  proc $command {args} {
    set path [lindex $args end]
    must {[file isfile $path]} "no such file: $path"
    if {[file extension $path] eq ".v"} { append ::modules [read_file $path] }
  }
}
proc get_ipdefs {args} {
  set name [lindex [option $args -filter] end]
  return [expr {[dict exists $::ips $name] ? "xilinx.com:ip:$name:1.0" : ""}]
}
proc get_property {name object} {
  switch $name {
    VLNV { return $object }
    PROGRESS { return [progress $object] }
    NEEDS_REFRESH { return 0 }
    DIRECTORY { return $::project.runs/impl_1 }
    top { return [dict get $::settings top] }
    default { error "unknown property $name" }
  }
}
proc set_property {args} {
  if {[lindex $args 0] ne "-dict"} { dict set ::settings [lindex $args 0] [lindex $args 1]; return }
  must {[llength [lindex $args 1]] % 2 == 0} "an odd list of properties: $args"
  set cell [lindex $args 2]
  foreach {key value} [lindex $args 1] {
    must {[string match CONFIG.* $key]} "no property $key"
    dict set ::settings $cell.$key $value
    if {[regexp {^CONFIG\.NUM_(SI|MI)$} $key all side]} {
      for {set i 0} {$i < $value} {incr i} {
        dict set ::buses $cell/[format "%s%02d_AXI" [string index $side 0] $i] 1
      }
    }
  }
}
proc create_bd_design {name} { set ::design $name }
proc create_bd_cell {args} {
  set cell [lindex $args end]
  must {![dict exists $::cells $cell]} "the cell $cell is there already"
  dict set ::cells $cell 1
  if {[option $args -type] eq "module"} { add_module [option $args -reference] $cell; return }
  set ip [lindex [split [option $args -vlnv] :] 2]
  foreach pin [dict get $::ips $ip pins] { dict set ::pins $cell/[string trimright $pin <] [string match *< $pin] }
  foreach bus [dict get $::ips $ip buses] { dict set ::buses $cell/$bus 1 }
}
proc add_module {module cell} {
  must {[regexp "module $module \\((.*?)\\);" $::modules all ports]} "no Verilog module $module"
  foreach {all direction name} [regexp -all -inline {(input|output)\s+wire\s+(?:\[\d+:0\]\s+)?(\w+)} $ports] {
    if {[regexp {^([sm]_axis)_} $name all bus]} { dict set ::buses $cell/$bus 1 } else {
      dict set ::pins $cell/$name [expr {$direction eq "input"}]
    }
  }
}
proc apply_bd_automation {args} {}
proc get_bd_cells {name} { must {[dict exists $::cells $name]} "no cell $name"; return $name }
proc get_bd_pins {path} { must {[dict exists $::pins $path]} "no pin $path"; return $path }
proc get_bd_intf_pins {path} { must {[dict exists $::buses $path]} "no interface $path"; return $path }
proc get_bd_addr_segs {path} { get_bd_intf_pins [file dirname $path]; return $path }
proc connect_bd_net {source target} {
  must {![dict get $::pins $source]} "$source is an input"
  must {[dict get $::pins $target]} "$target is no input"
  must {![dict exists $::driven $target]} "$target is driven twice"
  dict set ::driven $target $source
}
proc connect_bd_intf_net {from to} {
  foreach end [list $from $to] {
    must {![dict exists $::joined $end]} "$end is connected twice"
    dict set ::joined $end 1
  }
}
proc assign_bd_address {args} { if {[llength $args]} { lappend ::addresses [option $args -offset] } }
proc validate_bd_design {} {
  dict for {pin input} $::pins { must {!$input || [dict exists $::driven $pin]} "$pin is open" }
  dict for {bus one} $::buses { must {[dict exists $::joined $bus]} "$bus is open" }
}
proc save_bd_design {} { write_file $::project.srcs/sources_1/bd/$::design/$::design.bd "design" }
proc get_files {name} { must {$name eq "$::design.bd"} "no file $name"; return $name }
proc generate_target {args} { write_file $::project.gen/sources_1/bd/$::design/hw_handoff/$::design.hwh "handoff" }
proc make_wrapper {args} { set ::wrapper ${::design}_wrapper }
# A run's progress outlives the program, as in a project; FAKE_STOP names the run in which the program is killed.
proc progress {name} {
  set file $::project.runs/$name/progress
  return [expr {[file exists $file] ? [read_file $file] : "0%"}]
}
proc reset_runs {name} { file delete -force $::project.runs/$name }
proc launch_runs {name args} {
  must {[progress $name] eq "0%"} "$name needs to be reset before it is launched"
  must {$name eq "synth_1" || [progress synth_1] eq "100%"} "synth_1 is not done"
  puts "launched $name"
  write_file $::project.runs/$name/progress "35%"
  if {$::env(FAKE_STOP) eq $name} { exit 1 }
}
proc wait_on_run {name} {
  write_file $::project.runs/$name/progress "100%"
  if {$name eq "impl_1"} implemented
}
proc implemented {} {
  set place $::project.runs/impl_1/[dict get $::settings top]
  write_file $place.bit "bits"
  write_file ${place}_timing_summary_routed.rpt \
    "    WNS(ns)      TNS(ns)\n    -------      -------\n      $::env(FAKE_SLACK)        0.000\n"
  write_file ${place}_utilization_placed.rpt "| Slice LUTs*            | 1234 | 0 |\n| Slice Registers | 99 |\n"
}
