"""What an AMD (Xilinx) board needs beyond the open tools: a Vivado project, built where Vivado is there."""
