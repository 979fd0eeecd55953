"""Cologne Chip GateMate."""

from hwcodesign.core import tools
from hwcodesign.fpga.family import ABSORBED, LOGIC_CELL, Cells, Constraints, Family, Toolchain
from hwcodesign.fpga.shapes import shapes


def _port(port: str, pin: str, _standard: str, up: bool) -> str:
    return f'Net "{port}" Loc = "{pin}"{" | PULLUP=true" if up else ""};'


# Placed as densely as by default (0.9), a design is routed for hours: YosysHQ/nextpnr, issues 1615 and 1732.
_SPARSELY = ("--router", "router2", "--placer-heap-beta", "0.6")

_20K = ((16384, 1), (8192, 2), (4096, 5), (2048, 10), (1024, 20), (512, 40))
_40K = ((32768, 1), (16384, 2), (8192, 5), (4096, 10), (2048, 20), (1024, 40), (512, 80))

FAMILIES = (
    # Cologne Chip DS1001: a block RAM of 40 Kb is two of 20 Kb; a CPE holds two LUTs of four inputs (or one of eight)
    # and two flip-flops. Multipliers are arrays of CPEs; Yosys makes them of LUTs here (-nomult), so there is no DSP to
    # count. A LUT stands for half a CPE. There is no distributed RAM. No PLL is described: the oscillator is the clock.
    Family(
        name="gatemate",
        block_name="BRAM20",
        block_shapes=shapes(129, 1, *_20K) + shapes(257, 2, *_40K),
        write_lane=1,
        lut_rom_words=16,
        free_mux_words=64,
        deep_rom=1.5,
        mux_ways=4,
        lut_rams=(),
        multiplier_bits=18,
        synthesis="synth_gatemate -luttree -nomx8 -nomult",
        cells=Cells(
            lut={
                **{f"CC_LUT{inputs}": 1 for inputs in (1, 2)},
                **{"CC_L2T4": 1, "CC_L2T5": 2, "CC_MX2": 1, "CC_MX4": 2, "CC_ADDF": 1, LOGIC_CELL: 1, ABSORBED: -1},
            },
            flip_flops=("CC_DFF",),
            block_ram={"CC_BRAM_20K": 1, "CC_BRAM_40K": 2},
        ),
        toolchain=Toolchain(
            place_and_route=tools.NEXTPNR_GATEMATE,
            pack=tools.GMPACK,
            placed="placed.config",
            bitstream="design.bit",
            place_files=lambda pins, placed: [*_SPARSELY, "--vopt", f"ccf={pins}", "--vopt", f"out={placed}"],
            pack_files=lambda placed, bitstream: [placed, bitstream],
            cells={"lut": {"CPE_LT": 1}, "ff": {"CPE_FF": 1}, "block_ram": {"RAM_HALF": 1}},
            # After placement nextpnr gives adders, wide multiplexers and joined RAMs other types, by halves or wholes.
            placeholders=("CPE_LT", "RAM_HALF"),
        ),
        constraints=Constraints(suffix="ccf", port=_port),
        cells_of_both=True,
        link_luts=(873, 14.0),
    ),
)
