"""Writes a Vivado project with everything it needs, without Vivado: `make` in its folder builds the bitstream.

edalize writes the project's Tcl and Makefile. A Zynq gets a block design, which comes as Tcl from boards/zynq; a board
with a UART the same top level as with open tools.
"""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hwcodesign.bitstream import serial_link
from hwcodesign.bitstream.constraints import write_constraints
from hwcodesign.bitstream.flow import BuildRequest
from hwcodesign.bitstream.top import TOP, board_top
from hwcodesign.bitstream.xilinx.dma import DMA_TOP, dma_top
from hwcodesign.core.assets import asset_folder, hls_source
from hwcodesign.core.errors import UserError
from hwcodesign.core.interface import Interface
from hwcodesign.fpga.board import Board
from hwcodesign.host.dma_bus import bus_of

SYSTEM_TOP = "system_wrapper"  # what Vivado calls the wrapper of boards/zynq/block_design.tcl
# By the part's first letters (AMD DS190, DS891, DS987): the Tcl that adds the family's processing system.
_PROCESSORS = {"xc7z": "processor_7000.tcl", "xczu": "processor_mp.tcl", "xck": "processor_mp.tcl"}
# File types as edalize names them.
_TYPES = {".sv": "systemVerilogSource", ".v": "verilogSource", ".hex": "mem", ".tcl": "tclSource", ".xdc": "xdc"}


@dataclass(frozen=True)
class Project:
    """A Vivado project in `folder`, which builds `<name>.bit` there at `clock_mhz`.

    `files` are relative to `folder`. `top` is the top level of all; `rtl_top` that of our own sources, which on a Zynq
    lies inside Vivado's block design.
    """

    folder: Path
    name: str
    part: str
    clock_mhz: float
    files: tuple[str, ...]
    rtl_top: str
    top: str

    @property
    def created(self) -> Path:
        """An empty file that Vivado writes when all of the project is made."""
        return self.folder / f"{self.name}.created"


def write_project(request: BuildRequest, name: str, folder: Path) -> Project:
    """Write the project of an emitted design, in the empty `folder`.

    Raises UserError for a board without a link, a DMA without a processor or for too wide a beat, and a clock that the
    board cannot make.
    """
    board = request.board
    if board.link is None:
        raise UserError(f"{board.name} has no [link] in its file: a host could not talk to the design")
    rtl = folder / "rtl"
    _copy([*(request.emitted / "rtl").iterdir(), *(request.emitted / "memory").iterdir()], rtl)
    rest, tops, mhz = (_dma if board.link.type == "axi-dma" else _serial)(request, folder)
    # Memory images lie beside the sources, which name them without a folder.
    files = (*sorted(f"rtl/{file.name}" for file in rtl.iterdir()), *rest)
    project = Project(folder, name, board.part, mhz, files, *tops)
    configure(project)
    return project


def processor_of(board: Board) -> str:
    """The Tcl file for the board's processing system. Raises UserError for a part without one."""
    for prefix, file in _PROCESSORS.items():
        if board.part.startswith(prefix):
            return file
    raise UserError(f"{board.name}: the part {board.part} has no processor to run a DMA (a Zynq or Kria part has)")


Extra = tuple[list[str], tuple[str, str], float]  # files beside rtl, the two top levels, the clock in MHz


def _dma(request: BuildRequest, folder: Path) -> Extra:
    """A Zynq's design: Vivado makes clock, DMA and processor by the Tcl of boards/zynq."""
    board, assets, interface = request.board, asset_folder("boards") / "zynq", Interface.load(request.emitted)
    scripts = [processor_of(board), "block_design.tcl"]
    _copy([assets / "dma_frames.sv", hls_source("frame_last")], folder / "rtl")
    (folder / "rtl" / f"{DMA_TOP}.v").write_text(dma_top(interface))
    _copy([assets / script for script in scripts], folder)
    (folder / "settings.tcl").write_text(_settings(board, interface, request.clock_mhz))
    return ["settings.tcl", *scripts], (DMA_TOP, SYSTEM_TOP), request.clock_mhz


def _serial(request: BuildRequest, folder: Path) -> Extra:
    """The design behind a UART: the same top level as with open tools."""
    clock, name_and_text = request.clock, write_constraints(request.board)
    modules = [hls_source(module) for module in serial_link.MODULES]
    clocks = [asset_folder("boards") / "clocks" / f"{clock.module}.sv"] if clock.module else []
    _copy([*modules, *clocks], folder / "rtl")
    parameters = serial_link.parameters(
        Interface.load(request.emitted), request.line, serial_link.design_hash(request.emitted)
    )
    (folder / "rtl" / f"{TOP}.sv").write_text(board_top(request.board, clock, parameters))
    (folder / name_and_text[0]).write_text(name_and_text[1])
    return [name_and_text[0]], (TOP, TOP), clock.mhz


def _copy(files: Iterable[Path], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        shutil.copyfile(file, folder / file.name)


def configure(project: Project) -> None:
    """Let edalize write the project's Tcl files and Makefile. Raises UserError if edalize is missing."""
    try:
        from edalize.flows.vivado import Vivado
    except ImportError:
        raise UserError("a Vivado project is written with edalize: pip install edalize") from None
    files = [{"name": file, "file_type": _TYPES[Path(file).suffix]} for file in project.files]
    options = {"part": project.part, "source_mgmt_mode": "All"}
    edam = {"name": project.name, "toplevel": project.top, "files": files, "flow_options": options}
    Vivado(edam, str(project.folder)).configure()
    # edalize's own script starts an implementation and cannot go on with one.
    shutil.copyfile(asset_folder("boards") / "vivado" / "run.tcl", project.folder / f"{project.name}_run.tcl")
    with (project.folder / f"{project.name}.tcl").open("a") as script:
        script.write(f"\nclose [open {project.created.name} w]\n")


def _settings(board: Board, interface: Interface, clock_mhz: float) -> str:
    bus = bus_of(interface)
    values = {
        "board_part": f"{{{board.vivado_board}}}",
        "clock_mhz": f"{clock_mhz:g}",
        "in_bus_bits": str(8 * bus.in_bytes),
        "in_memory_bits": str(bus.in_memory_bits),
        "out_memory_bits": str(bus.out_memory_bits),
    }
    return "# Emitted by hwcodesign: what block_design.tcl reads.\n" + "".join(
        f"set {key} {value}\n" for key, value in values.items()
    )
