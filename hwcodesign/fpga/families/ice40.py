"""Lattice iCE40 UltraPlus."""

from collections.abc import Iterator

from hwcodesign.core import tools
from hwcodesign.fpga.family import LOGIC_CELL, BlockShape, Cells, Clock, Constraints, Family, Toolchain
from hwcodesign.fpga.shapes import shapes


def _port(port: str, pin: str, _standard: str, up: bool) -> str:
    return f"set_io {'-pullup yes ' if up else ''}{port} {pin}"


def _plls(source: float) -> Iterator[Clock]:
    """Lattice FPGA-DS-02008, section 4.20: detector 10 to 133 MHz, oscillator 533 to 1066, output 16 to 275.

    FILTER_RANGE follows the detector's frequency as in the vendor's PLL tool.
    """
    for divider in range(1, int(source / 10) + 1):
        detector = source / divider
        filter_range = 1 + sum(detector >= limit for limit in (17, 26, 44, 66, 101))
        for factor in range(1, 129):
            for output in range(1, 7):
                mhz = detector * factor / 2**output
                if divider <= 16 and 16 <= mhz <= 275 and 533 <= detector * factor <= 1066:
                    values = {"DIVR": divider - 1, "DIVF": factor - 1, "DIVQ": output, "FILTER_RANGE": filter_range}
                    yield Clock(mhz, "ice40", dict(values))


FAMILIES = (
    # Lattice FPGA-TN-02002 (iCE40 memory): EBR of 4 Kb, no distributed RAM (writable LUT memory becomes
    # flip-flops). FPGA-TN-02022: RAM of 256 Kb that cannot be initialised and has one port, written in lanes of
    # 4 bits. SB_MAC16 multiplies 16 x 16 bits (FPGA-TN-02007).
    Family(
        name="ice40",
        block_name="EBR",
        block_shapes=shapes(64, 1, (2048, 2), (1024, 4), (512, 8), (256, 16)),
        write_lane=1,
        lut_rom_words=16,
        free_mux_words=16,
        deep_rom=1.5,
        mux_ways=2,
        lut_rams=(),
        multiplier_bits=16,
        synthesis="synth_ice40 -dsp -spram",
        cells=Cells(
            lut={"SB_LUT4": 1, LOGIC_CELL: 1},
            flip_flops=("SB_DFF",),
            block_ram={"SB_RAM40_4K": 1},
            multipliers=("SB_MAC16",),
            large_ram=("SB_SPRAM256KA",),
        ),
        link_luts=(507, 10.8),
        toolchain=Toolchain(
            place_and_route=tools.NEXTPNR_ICE40,
            pack=tools.ICEPACK,
            placed="placed.asc",
            bitstream="design.bin",
            place_files=lambda pins, placed: ["--pcf", pins, "--asc", placed],
            pack_files=lambda placed, bitstream: [placed, bitstream],
            cells={
                "lut": {"ICESTORM_LC": 1},
                "dsp": {"ICESTORM_DSP": 1},
                "block_ram": {"ICESTORM_RAM": 1},
                "large_ram": {"ICESTORM_SPRAM": 1},
            },
        ),
        constraints=Constraints(suffix="pcf", port=_port, clock="set_frequency clk_i {mhz}"),
        plls=_plls,
        large_ram="SPRAM",
        large_shape=BlockShape(16384, 16, 2048),
        large_lanes=(4,),
        large_ports=1,
        cells_of_both=True,
    ),
)
