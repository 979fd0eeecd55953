"""From a plan to SystemVerilog and memory images."""
