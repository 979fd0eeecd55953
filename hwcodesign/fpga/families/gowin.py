"""Gowin GW1N and GW2A: the small and the large family that the open tools place."""

from collections.abc import Callable, Iterator
from functools import partial

from hwcodesign.core import tools
from hwcodesign.fpga.family import LOGIC_CELL, Cells, Clock, Constraints, Family, LutRam, Toolchain
from hwcodesign.fpga.shapes import CLOCK_TO_REACH, DP16KD


def _port(port: str, pin: str, standard: str, up: bool) -> str:
    pull = "UP" if up else "NONE"
    return f'IO_LOC "{port}" {pin};\nIO_PORT "{port}" IO_TYPE={standard} PULL_MODE={pull};'


def _plls(source: float, slowest: float, fastest: float) -> Iterator[Clock]:
    """Gowin's data sheets, PLL: detector from 3 MHz, oscillator `slowest` to `fastest`, output up to half of it."""
    for divider in range(1, min(64, int(source / 3)) + 1):
        for factor in range(1, 65):
            mhz = source * factor / divider
            outputs = [o for o in (2, 4, 8, *range(16, 129, 16)) if slowest <= mhz * o <= fastest]
            if outputs:
                values = {"IDIV_SEL": divider - 1, "FBDIV_SEL": factor - 1, "ODIV_SEL": outputs[0]}
                yield Clock(mhz, "gowin", {"FCLKIN": f"{source:g}", **values})


def _family(name: str, plls: Callable[[float], Iterator[Clock]], measured_as: str = "") -> Family:
    """Gowin UG285 (BSRAM and SSRAM), UG288 (CFU): BSRAM in semi dual-port mode; wide multiplexers join up to sixteen
    LUT4. A CFU makes 16x4 bits of RAM, and nextpnr puts nothing else into it: eight LUTs.
    """
    return Family(
        name=name,
        block_name="BSRAM",
        block_shapes=DP16KD,
        write_lane=9,
        lut_rom_words=16,
        free_mux_words=256,
        deep_rom=1.5,
        mux_ways=2,
        lut_rams=(LutRam(16, 4, 8),),
        multiplier_bits=18,
        synthesis=f"{CLOCK_TO_REACH}synth_gowin -family {name}",
        cells=Cells(
            lut={**{f"LUT{inputs}": 1 for inputs in range(1, 5)}, LOGIC_CELL: 1, "ALU": 1, "RAM16SDP4": 8},
            flip_flops=("DFF",),
            block_ram=dict.fromkeys(("SP", "SPX9", "SDPB", "SDPX9B", "DPB", "DPX9B", "pROM", "pROMX9"), 1),
            multipliers=("MULT9X9", "MULT18X18", "MULT36X36"),
        ),
        link_luts=(365, 5.4),
        measured_as=measured_as,
        toolchain=Toolchain(
            place_and_route=tools.NEXTPNR_GOWIN,
            pack=tools.GOWIN_PACK,
            placed="placed.json",
            bitstream="design.fs",
            place_files=lambda pins, placed: ["--vopt", f"cst={pins}", "--write", placed],
            pack_files=lambda placed, bitstream: ["-o", bitstream, placed],
            # An ALU stands in the place of a LUT, and a RAM16SDP4 in those of eight.
            cells={
                "lut": {"LUT4": 1},
                "ff": {"DFF": 1},
                "dsp": {"MULT18X18": 1, "MULT9X9": 1},
                "block_ram": {"BSRAM": 1},
            },
            placeholders=("LUT4",),
        ),
        constraints=Constraints(suffix="cst", port=_port),
        plls=plls,
    )


FAMILIES = (
    _family("gw1n", partial(_plls, slowest=400, fastest=1200), measured_as="gw2a"),  # GW1NR-9, speed C6/I5
    _family("gw2a", partial(_plls, slowest=500, fastest=1250)),  # GW2AR-18, speed C8/I7
)
