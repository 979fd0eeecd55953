"""Writes a Vivado project with everything it needs, without Vivado: `make` in its folder builds the bitstream.

edalize writes the project's Tcl and Makefile. A board with a processor (Zynq) gets a block design, which comes as Tcl
from boards/zynq.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from hwcodesign.assets import asset_folder
from hwcodesign.board import Board
from hwcodesign.emit import Interface
from hwcodesign.errors import UserError
from hwcodesign.xilinx.dma import DMA_TOP, bus_of, dma_top

SYSTEM_TOP = "system_wrapper"  # what Vivado calls the wrapper of boards/zynq/block_design.tcl
# By the part's first letters (AMD DS190, DS891, DS987): the Tcl that adds the family's processing system.
_PROCESSORS = {"xc7z": "processor_7000.tcl", "xczu": "processor_mp.tcl", "xck": "processor_mp.tcl"}
# File types as edalize names them.
_TYPES = {".sv": "systemVerilogSource", ".v": "verilogSource", ".hex": "mem", ".tcl": "tclSource", ".xdc": "xdc"}


@dataclass(frozen=True)
class Project:
    """A Vivado project in `folder`, which builds `<name>.bit` there at `clock_mhz`."""

    folder: Path
    name: str
    top: str
    part: str
    clock_mhz: float
    files: tuple[str, ...]


def processor_of(board: Board) -> str:
    """The Tcl file for the board's processing system. Raises UserError for a part without one."""
    for prefix, file in _PROCESSORS.items():
        if board.part.startswith(prefix):
            return file
    raise UserError(f"{board.name}: the part {board.part} has no processor to run a DMA (a Zynq or Kria part has)")


def write_zynq_project(board: Board, emitted: Path, clock_mhz: float, name: str, folder: Path) -> Project:
    """Write the project of the design that `emit` wrote into `emitted`, in the empty `folder`.

    Raises UserError for a board without processor or a beat too wide for its DMA.
    """
    interface = Interface.load(emitted)
    assets = asset_folder("boards") / "zynq"
    scripts = [processor_of(board), "block_design.tcl"]
    sources = copy_design(emitted, folder)
    (folder / "rtl" / f"{DMA_TOP}.v").write_text(dma_top(interface))
    for file in ("dma_frames.sv",):
        shutil.copyfile(assets / file, folder / "rtl" / file)
        sources.append(f"rtl/{file}")
    for script in scripts:
        shutil.copyfile(assets / script, folder / script)
    (folder / "settings.tcl").write_text(_settings(board, interface, clock_mhz))
    files = (*sources, f"rtl/{DMA_TOP}.v", "settings.tcl", *scripts)
    project = Project(folder, name, SYSTEM_TOP, board.part, clock_mhz, files)
    configure(project)
    return project


def copy_design(emitted: Path, folder: Path) -> list[str]:
    """Copy the emitted sources and memory images to `folder`/rtl; their paths from `folder`, images last.

    Images lie beside the sources, which name them without a folder.
    """
    (folder / "rtl").mkdir(parents=True)
    copied = []
    for file in (*sorted((emitted / "rtl").iterdir()), *sorted((emitted / "memory").iterdir())):
        shutil.copyfile(file, folder / "rtl" / file.name)
        copied.append(f"rtl/{file.name}")
    return copied


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
