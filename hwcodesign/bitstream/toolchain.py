"""The programs that make a family's bitstream: their commands, and where their reports keep the counts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hwcodesign.core import tools
from hwcodesign.core.errors import UserError
from hwcodesign.core.tools import Tool
from hwcodesign.fpga.board import Board


@dataclass(frozen=True)
class Toolchain:
    """`placed` is what place and route writes, `bitstream` what packing makes of it; both are file names.

    `place_files` and `pack_files` give the arguments for files, after those for the part. `cells` are the cell types
    of nextpnr's report that make up each resource, with how many of it a cell is; flip-flops have no entry where the
    report does not count them. Of the types in `placeholders`, nextpnr's log has the number of places that are taken;
    its report lacks some that hold no cell, but can hold none.
    """

    place_and_route: Tool
    pack: Tool
    placed: str
    bitstream: str
    place_files: Callable[[str, str], list[str]]
    pack_files: Callable[[str, str], list[str]]
    cells: Mapping[str, Mapping[str, int]]
    placeholders: tuple[str, ...] = ()


_ECP5 = Toolchain(
    tools.NEXTPNR_ECP5,
    tools.ECPPACK,
    "placed.config",
    "design.bit",
    lambda pins, placed: ["--lpf", pins, "--textcfg", placed],
    lambda placed, bitstream: ["--compress", "--input", placed, "--bit", bitstream],
    # A slice with the write port of a LUT RAM gives both its LUTs to it.
    {
        "lut": {"TRELLIS_COMB": 1, "TRELLIS_RAMW": 2},
        "ff": {"TRELLIS_FF": 1},
        "dsp": {"MULT18X18D": 1},
        "block_ram": {"DP16KD": 1},
    },
)
_ICE40 = Toolchain(
    tools.NEXTPNR_ICE40,
    tools.ICEPACK,
    "placed.asc",
    "design.bin",
    lambda pins, placed: ["--pcf", pins, "--asc", placed],
    lambda placed, bitstream: [placed, bitstream],
    {
        "lut": {"ICESTORM_LC": 1},
        "dsp": {"ICESTORM_DSP": 1},
        "block_ram": {"ICESTORM_RAM": 1},
        "large_ram": {"ICESTORM_SPRAM": 1},
    },
)
_GOWIN = Toolchain(
    tools.NEXTPNR_GOWIN,
    tools.GOWIN_PACK,
    "placed.json",
    "design.fs",
    lambda pins, placed: ["--vopt", f"cst={pins}", "--write", placed],
    lambda placed, bitstream: ["-o", bitstream, placed],
    # An ALU stands in the place of a LUT, and a RAM16SDP4 in those of eight.
    {
        "lut": {"LUT4": 1},
        "ff": {"DFF": 1},
        "dsp": {"MULT18X18": 1, "MULT9X9": 1},
        "block_ram": {"BSRAM": 1},
    },
    placeholders=("LUT4",),
)
_TOOLCHAINS = {"ecp5": _ECP5, "ice40": _ICE40, "gw1n": _GOWIN, "gw2a": _GOWIN}


def toolchain_of(board: Board) -> Toolchain:
    """The toolchain of the board's family.

    Raises UserError if no open one makes its bitstreams, or if the board's file lacks the link or the part.
    """
    if board.family not in _TOOLCHAINS:
        raise UserError(
            f"no open tools make bitstreams for {board.name} ({board.part}): its toolchain is "
            f"{', '.join(board.toolchain)}. Families that have some: {', '.join(_TOOLCHAINS)}"
        )
    if board.link is None or board.link.kind != "uart":
        raise UserError(f"{board.name} has no [link] of kind uart in its file: a host could not talk to the design")
    if not board.nextpnr:
        raise UserError(f"{board.name} has no key 'nextpnr' in its file: the arguments that name its part")
    return _TOOLCHAINS[board.family]
