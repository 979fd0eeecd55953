"""openXC7, the open tools for AMD's 7 series: whether they are there, where their databases lie, how they are called.

nextpnr-xilinx reads a chip's database, fasm2frames and xc7frames2bit that of Project X-Ray. Both come with the tools:
in $CHIPDB and $PRJXRAY_DB_DIR, as openXC7 sets them, or beside the program, as in apio's package. Nothing of this was
run by us: no package index has the tools. It is written after their sources and tested with programs in their place.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from hwcodesign.core import tools
from hwcodesign.core.errors import UserError
from hwcodesign.fpga.family import Step, Toolchain

NAME = "openxc7"  # among a board's toolchains
NOTE = (
    "by openXC7's tools, which those who wrote this have never run; multipliers are made of LUTs (nextpnr-xilinx, "
    "issue 159): plan with at_most dsp = 0"
)
_FAMILIES = {"xc7a": "artix7", "xc7k": "kintex7", "xc7s": "spartan7", "xc7z": "zynq7"}
# Dies that are sold under several names: a database is made for the largest.
_DIES = {"xc7a15t": "xc7a50t", "xc7a35t": "xc7a50t", "xc7a75t": "xc7a100t"}
_PROGRAMS = (tools.NEXTPNR_XILINX, tools.FASM2FRAMES, tools.XC7FRAMES2BIT)


def is_there() -> bool:
    """Whether all three programs are."""
    try:
        return all(tools.find(program) for program in _PROGRAMS)
    except UserError:
        return False


def toolchain(part: str) -> Toolchain:
    """The calls for a part by its whole name. Databases are looked for when a program is called."""
    name = _without_temperature(part)

    def place_files(pins: str, placed: str) -> list[str]:
        database = ["--chipdb", str(chip_database(name))]
        if "--xdc" in _says(tools.NEXTPNR_XILINX):  # until August 2026
            return [*database, "--xdc", pins, "--fasm", placed]
        return ["--device", name, *database, "-o", f"xdc={pins}", "-o", f"fasm={placed}"]

    def frames_files(placed: str, frames: str) -> list[str]:
        return ["--part", name, "--db-root", str(x_ray_database(name)), placed, frames]

    def pack_files(frames: str, bitstream: str) -> list[str]:
        described = str(x_ray_database(name) / name / "part.yaml")
        return ["--part_file", described, "--part_name", name, "--frm_file", frames, "--output_file", bitstream]

    return Toolchain(
        place_and_route=tools.NEXTPNR_XILINX,
        before_pack=Step(tools.FASM2FRAMES, "placed.frames", frames_files),
        pack=tools.XC7FRAMES2BIT,
        placed="placed.fasm",
        bitstream="design.bit",
        place_files=place_files,
        pack_files=pack_files,
        cells={
            "lut": {"SLICE_LUTX": 1},
            "ff": {"SLICE_FFX": 1},
            "dsp": {"DSP48E1_DSP48E1": 1},
            "block_ram": {"RAMB18E1_RAMB18E1": 1, "RAMB36E1_RAMB36E1": 2},
        },
        # With buffers at the pins, unlike for Vivado, which adds its own.
        synthesis="synth_xilinx -flatten -nodsp -family xc7",
        note=NOTE,
    )


def chip_database(part: str) -> Path:
    """nextpnr's database of the part's die. Raises UserError where there is none."""
    die = _die(part)
    names = (part, part.rpartition("-")[0], die, _DIES.get(die, die))
    files = [f"{prefix}{name}.bin" for name in names for prefix in ("", "chipdb-")]
    places = list(_places("CHIPDB", tools.NEXTPNR_XILINX, "chipdb", "share/nextpnr/xilinx-chipdb"))
    for place in places:
        if place.is_file():
            return place
        if found := next((place / file for file in files if (place / file).is_file()), None):
            return found
    raise UserError(
        f"nextpnr-xilinx has no database for {part}: looked for {_DIES.get(die, die)}.bin and the like in "
        f"{_named(places)}. apio installs it; or set CHIPDB to the folder that holds it"
    )


def x_ray_database(part: str) -> Path:
    """Project X-Ray's folder of the part's family, which describes the part. Raises UserError where there is none."""
    relative = ("share/nextpnr/external/prjxray-db", "share/nextpnr/prjxray-db")
    places = list(_places("PRJXRAY_DB_DIR", tools.NEXTPNR_XILINX, *relative))
    for place in places:
        folder = place / _FAMILIES[part[:4]]
        if (folder / part / "part.yaml").is_file():
            return folder
    raise UserError(
        f"Project X-Ray's database has no {_FAMILIES[part[:4]]}/{part}/part.yaml in {_named(places)}: set "
        "PRJXRAY_DB_DIR to the folder that holds it"
    )


def _places(variable: str, program: tools.Tool, *relative: str) -> Iterator[Path]:
    """Where a database may be: in the environment's folder, and beside the program."""
    if chosen := os.environ.get(variable):
        yield Path(chosen)
    root = tools.find(program).resolve().parents[1]
    yield from (root / folder for folder in relative)


def _named(places: list[Path]) -> str:
    return ", ".join(map(str, places))


def _without_temperature(part: str) -> str:
    """xc7a35ticsg324-1L is the chip xc7a35tcsg324-1 for industrial temperatures and a lower voltage."""
    return re.sub(r"^(xc7[a-z]\d+t?)i?([a-z]{3}\d+-\d).*", r"\1\2", part)


def _die(part: str) -> str:
    found = re.match(r"xc7[a-z]\d+t?", part)
    assert found, f"{part} is no part of the 7 series"
    return found[0]


@cache
def _says(program: tools.Tool) -> str:
    """What a program prints of its options."""
    done = subprocess.run([tools.find(program), "--help"], capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr
