"""Lattice Nexus: CrossLink-NX."""

from typing import Any

from hwcodesign.core import tools
from hwcodesign.fpga.family import BlockShape, Cells, Constraints, Family, LutRam, Toolchain
from hwcodesign.fpga.shapes import CLOCK_TO_REACH, DP16KD


def _port(port: str, pin: str, standard: str, up: bool) -> str:
    pull = "UP" if up else "NONE"
    return f"ldc_set_location -site {{{pin}}} [get_ports {port}]\n" + (
        f"ldc_set_port -iobuf {{IO_TYPE={standard} PULLMODE={pull}}} [get_ports {port}]"
    )


def _open_carries(netlist: dict[str, Any]) -> None:
    """Open the carry into the first cell of every chain, which abc9 ties to 0, and nextpnr refuses that.

    The cell makes the chain's carry by itself, whatever comes in: YosysHQ/yosys, issue 5639.
    """
    for module in netlist["modules"].values():
        cells = module["cells"].values()
        low = {"0", *(bit for cell in cells if cell["type"] == "VLO" for bit in cell["connections"]["Z"])}
        for cell in cells:
            if cell["type"] == "CCU2" and low.intersection(cell["connections"].get("CIN", ())):
                del cell["connections"]["CIN"], cell["port_directions"]["CIN"]


FAMILIES = (
    # Lattice FPGA-TN-02094 (Nexus memory): EBR of 18 Kb in pseudo dual-port mode, distributed RAM of 16x4 bits in two
    # slices and a write port; large RAM of 512 Kb, two ports of 32 bits written by bytes, which Yosys gives no initial
    # contents. FPGA-TN-02096 (sysDSP): MULT18X18. WIDEFN9 joins LUT4. No PLL is described: the oscillator is the clock.
    Family(
        name="nexus",
        block_name="EBR18",
        block_shapes=DP16KD,
        write_lane=9,
        lut_rom_words=16,
        free_mux_words=32,
        deep_rom=1.8,
        mux_ways=2,
        lut_rams=(LutRam(16, 4, 6),),
        multiplier_bits=18,
        synthesis=f"{CLOCK_TO_REACH}synth_lattice -family lifcl",
        cells=Cells(
            lut={"LUT4": 1, "WIDEFN9": 2, "CCU2": 2, "DPR16X4": 6, "INV": 1},
            flip_flops=("FD1P3",),
            block_ram={"DP16K": 1, "PDP16K": 1, "PDPSC16K": 1},
            multipliers=("MULT9X9", "MULT18X18", "MULT18X36", "MULT36X36"),
            large_ram=("DPSC512K", "PDPSC512K", "SP512K"),
        ),
        toolchain=Toolchain(
            place_and_route=tools.NEXTPNR_NEXUS,
            pack=tools.PRJOXIDE,
            placed="placed.fasm",
            bitstream="design.bit",
            # Its other router, the default, finds no way from the clock's pin to the buffer of the global net.
            place_files=lambda pins, placed: ["--router", "router1", "--pdc", pins, "--fasm", placed],
            pack_files=lambda placed, bitstream: ["pack", placed, bitstream],
            cells={
                "lut": {"OXIDE_COMB": 1, "RAMW": 2},
                "ff": {"OXIDE_FF": 1},
                "dsp": {"MULT18_CORE": 1},
                "block_ram": {"OXIDE_EBR": 1},
                "large_ram": {"LRAM_CORE": 1},
            },
            mend=_open_carries,
        ),
        constraints=Constraints(suffix="pdc", port=_port),
        link_luts=(404, 3.6),
        large_ram="LRAM",
        large_shape=BlockShape(16384, 32, 2048),
        large_lanes=(8,),
        large_ports=2,
    ),
)
