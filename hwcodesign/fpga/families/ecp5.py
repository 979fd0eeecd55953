"""Lattice ECP5."""

from collections.abc import Iterator

from hwcodesign.core import tools
from hwcodesign.fpga.family import Cells, Clock, Constraints, Family, LutRam, Toolchain
from hwcodesign.fpga.shapes import CLOCK_TO_REACH, DP16KD


def _port(port: str, pin: str, standard: str, up: bool) -> str:
    pull = "UP" if up else "NONE"
    return f'LOCATE COMP "{port}" SITE "{pin}";\nIOBUF PORT "{port}" IO_TYPE={standard} PULLMODE={pull};'


def _plls(source: float) -> Iterator[Clock]:
    """Lattice FPGA-DS-02012, sysCLOCK PLL timing: detector from 10 MHz, oscillator 400 to 800, output up to 400."""
    for divider in range(1, int(source / 10) + 1):
        detector = source / divider
        factors = [factor for factor in range(1, 129) if 400 <= detector * factor <= 800]
        for factor in sorted(factors, key=lambda factor: abs(detector * factor - 600)):
            for output in range(1, 129):
                mhz = detector * factor / output
                if mhz <= 400:
                    yield Clock(mhz, "ecp5", {"CLKI_DIV": divider, "CLKOP_DIV": factor, "CLKOS_DIV": output})


FAMILIES = (
    # Lattice FPGA-TN-02204 (ECP5 memory): DP16KD as pseudo dual-port, a 16x4 distributed RAM takes three slices
    # (two of data, one for its write port); PFUMX and L6MUX21 join up to four LUT4. CCU2C is a carry over two LUTs.
    # FPGA-TN-02205 (sysDSP): MULT18X18D.
    Family(
        name="ecp5",
        block_name="DP16KD",
        block_shapes=DP16KD,
        write_lane=9,
        lut_rom_words=16,
        free_mux_words=64,
        deep_rom=1.8,
        mux_ways=2,
        lut_rams=(LutRam(16, 4, 6),),
        multiplier_bits=18,
        synthesis=f"{CLOCK_TO_REACH}synth_ecp5",
        cells=Cells(
            lut={"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 6},
            flip_flops=("TRELLIS_FF",),
            block_ram={"DP16KD": 1, "PDPW16KD": 1},
            multipliers=("MULT18X18D",),
        ),
        link_luts=(322, 5.4),
        toolchain=Toolchain(
            place_and_route=tools.NEXTPNR_ECP5,
            pack=tools.ECPPACK,
            placed="placed.config",
            bitstream="design.bit",
            place_files=lambda pins, placed: ["--lpf", pins, "--textcfg", placed],
            pack_files=lambda placed, bitstream: ["--compress", "--input", placed, "--bit", bitstream],
            # A slice with the write port of a LUT RAM gives both its LUTs to it.
            cells={
                "lut": {"TRELLIS_COMB": 1, "TRELLIS_RAMW": 2},
                "ff": {"TRELLIS_FF": 1},
                "dsp": {"MULT18X18D": 1},
                "block_ram": {"DP16KD": 1},
            },
        ),
        constraints=Constraints(suffix="lpf", port=_port, clock='FREQUENCY PORT "clk_i" {mhz} MHZ;'),
        plls=_plls,
    ),
)
