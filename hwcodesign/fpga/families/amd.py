"""AMD 7 series and UltraScale+."""

from collections.abc import Iterator

from hwcodesign.fpga import openxc7
from hwcodesign.fpga.family import BlockShape, Cells, Clock, Constraints, Family, LutRam
from hwcodesign.fpga.shapes import SIZES_18K, shapes

_SIZES_36K = ((32768, 1), (16384, 2), (8192, 4), (4096, 9), (2048, 18), (1024, 36), (512, 72))
_BLOCKS = shapes(129, 1, *SIZES_18K) + shapes(257, 2, *_SIZES_36K)
# RAM32M and RAM64M: the three read ports of four LUTs in a SLICEM (AMD UG474 and UG574, distributed RAM).
_LUT_RAMS = (LutRam(32, 6, 4), LutRam(64, 3, 4))
_SYNTHESIS = "synth_xilinx -flatten -noiopad -noclkbuf -family"
# A LUT RAM takes whole LUTs: AMD UG474 and UG574 (distributed RAM).
_CELLS = Cells(
    lut={
        **{f"LUT{inputs}": 1 for inputs in range(1, 7)},
        **{"INV": 1, "SRL16E": 1, "SRLC32E": 1, "RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4, "RAM32M": 4, "RAM64M": 4},
        **{"RAM32M16": 8, "RAM64M8": 8, "RAM32X16DR8": 8, "RAM64X8SW": 8},
    },
    flip_flops=("FDRE", "FDSE", "FDCE", "FDPE"),
    block_ram={"RAMB18E1": 1, "RAMB36E1": 2, "RAMB18E2": 1, "RAMB36E2": 2},
    multipliers=("DSP48E1", "DSP48E2"),
    large_ram=("URAM288",),
)
# The serial line has no clock in common with the design.
_TIMING = """\
create_clock -period {period_ns:.3f} [get_ports clk_i]
set_false_path -from [get_ports rx_i]
set_false_path -to [get_ports tx_o]"""


def _port(port: str, pin: str, standard: str, up: bool) -> str:
    pull = " PULLTYPE PULLUP" if up else ""
    return f"set_property -dict {{PACKAGE_PIN {pin} IOSTANDARD {standard}{pull}}} [get_ports {{{port}}}]"


def _mmcm(source: float) -> Iterator[Clock]:
    """AMD DS181, MMCM of speed grades -1 and -1L: detector from 10 MHz, oscillator 600 to 1200, output from 4.69."""
    for divider in range(1, min(5, int(source / 10)) + 1):  # the faster the detector, the steadier the clock
        for factor in range(2, 65):
            loop = source / divider * factor
            for output in range(1, 129) if 600 <= loop <= 1200 else ():
                period = round(1e6 / source)
                values = {"PERIOD_PS": period, "DIVCLK": divider, "MULT": factor, "DIVIDE": output}
                yield Clock(round(loop / output, 9), "xilinx7", dict(values))


FAMILIES = (
    # AMD UG473 (7 series memory), UG474: RAMB18E1 in simple dual-port mode; F7/F8 multiplexers join four LUT6.
    # UG479: DSP48E1 multiplies 25 x 18 bits.
    Family(
        name="xilinx7",
        block_name="BRAM18",
        block_shapes=_BLOCKS,
        write_lane=9,
        lut_rom_words=64,
        free_mux_words=256,
        deep_rom=1.22,
        mux_ways=4,
        lut_rams=_LUT_RAMS,
        multiplier_bits=25,
        synthesis=f"{_SYNTHESIS} xc7",
        cells=_CELLS,
        link_luts=(315, 2.2),
        toolchain_of_part=openxc7.toolchain,
        constraints=Constraints(suffix="xdc", port=_port, clock=_TIMING),
        plls=_mmcm,
    ),
    # AMD UG573: RAMB18E2 as above. UltraRAM powers up as zeros, so it can hold no ROM; its two ports are written in
    # lanes of 8 or 9 bits. (F9 joins eight LUT6, but Yosys does not use it.)
    # UG579: DSP48E2 multiplies 27 x 18 bits.
    Family(
        name="ultrascale-plus",
        block_name="BRAM18",
        block_shapes=_BLOCKS,
        write_lane=9,
        lut_rom_words=64,
        free_mux_words=256,
        deep_rom=1.22,
        mux_ways=4,
        lut_rams=_LUT_RAMS,
        multiplier_bits=27,
        synthesis=f"{_SYNTHESIS} xcup -uram",
        cells=_CELLS,
        link_luts=(315, 2.2),
        large_ram="URAM",
        large_shape=BlockShape(4096, 72, 1024),
        large_lanes=(8, 9),
        large_ports=2,
    ),
)
