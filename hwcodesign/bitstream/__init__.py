"""From an emitted design to the file that configures a board: top level, synthesis, place and route, packing."""
