# Takes the open project, whose synth_1 is done, to its bitstream. After an interruption it goes on: implementation that
# is done stays as it is; one that was begun, or is older than its sources, is reset first, since Vivado launches no run
# that has been started (AMD UG835, launch_runs and reset_runs).
set run [get_runs impl_1]
if {[get_property PROGRESS $run] ne "100%" || [get_property NEEDS_REFRESH $run]} {
  reset_runs $run
  launch_runs $run -to_step write_bitstream
  wait_on_run $run
}
if {[get_property PROGRESS $run] ne "100%"} {
  puts "ERROR: implementation ended at [get_property PROGRESS $run]"
  exit 1
}
file copy -force [get_property DIRECTORY $run]/[get_property top [current_fileset]].bit [current_project].bit
