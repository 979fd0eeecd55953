"""A written project is whole: every file is there, and its Tcl runs to the end in a Vivado that checks names."""

import os
import re
from pathlib import Path
from typing import Any

import pytest

from hwcodesign.bitstream.flow import BuildRequest
from hwcodesign.bitstream.xilinx.project import Project, processor_of, write_project
from hwcodesign.core import tools
from hwcodesign.core.errors import UserError
from hwcodesign.emit.top_level import emit
from hwcodesign.fpga.board import board_names, load_board
from hwcodesign.plan import plan
from tests.graphs import tiny_squeezenet

tkinter = pytest.importorskip("tkinter")  # for its Tcl
fake_vivado = pytest.importorskip("tests.bitstream.xilinx.fake_vivado")


def zynq_boards() -> list[str]:
    links = {name: load_board(name).link for name in board_names()}
    return [name for name, link in links.items() if link and link.type == "axi-dma"]


@pytest.fixture(scope="module")
def emitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("emit")
    made = plan(tiny_squeezenet(), load_board("pynq-z1"), frame_rate=10_000)
    emit(made.design, made.foldings, made.storage, folder)
    return folder


def run_tcl(project: Project) -> Any:
    """The project's script in a fresh interpreter, in the project's folder."""
    tcl = fake_vivado.interpreter()
    before = Path.cwd()
    os.chdir(project.folder)
    try:
        tcl.eval(f"source {project.name}.tcl")
    finally:
        os.chdir(before)
    return tcl


@pytest.mark.parametrize("name", zynq_boards())
def test_every_zynq_boards_project_is_whole(name: str, emitted: Path, tmp_path: Path) -> None:
    board = load_board(name)
    project = write_project(BuildRequest(board, emitted, 87.5, 1), "net", tmp_path)
    tcl = run_tcl(project)
    assert tcl.eval("dict get $settings part") == board.part
    assert tcl.eval("dict get $settings top") == tcl.eval("set wrapper") == "system_wrapper"
    clocks = [key for key in tcl.eval("dict keys $settings").split() if "FREQMHZ" in key]
    assert [tcl.eval(f"dict get $settings {key}") for key in clocks] == ["87.5"]
    base = 0x40400000 if board.part.startswith("xc7z") else 0xA0000000
    assert [int(word, 16) for word in tcl.eval("set addresses").split()] == [base, base + 0x10000]


def test_every_memory_image_that_the_rtl_opens_lies_beside_it(emitted: Path, tmp_path: Path) -> None:
    project = write_project(BuildRequest(load_board("pynq-z1"), emitted, 100.0, 1), "net", tmp_path)
    opened = set(re.findall(r'_FILE\("(\S+)"\)', (tmp_path / "rtl/accelerator.sv").read_text()))
    images = {Path(file).name for file in project.files if file.endswith(".hex")}
    assert opened
    assert opened == {name.rsplit(".", 2)[0] for name in images}  # NAME.PART.hex
    assert all((tmp_path / "rtl" / name).is_file() for name in images)


@pytest.mark.needs(tools.YOSYS)
@pytest.mark.parametrize("name", ["pynq-z1", "arty-a7-100"])
def test_the_sources_go_together(name: str, emitted: Path, tmp_path: Path) -> None:
    """Yosys finds every module and port; at 80 MHz the Arty's clock comes from its MMCM."""
    project = write_project(BuildRequest(load_board(name), emitted, 80.0, 1), "net", tmp_path)
    sources = " ".join(Path(file).name for file in project.files if file.endswith((".sv", ".v")))
    cells = "read_verilog -lib -sv +/xilinx/cells_sim.v +/xilinx/cells_xtra.v"
    script = f"{cells}; read_verilog -sv {sources}; hierarchy -check -top {project.rtl_top}"
    tools.run([tools.find(tools.YOSYS), "-q", "-p", script], tmp_path / "rtl", tmp_path / "yosys.log")


def test_an_artys_project_is_whole(emitted: Path, tmp_path: Path) -> None:
    project = write_project(BuildRequest(load_board("arty-a7-35"), emitted, 80.0, 1), "net", tmp_path)
    tcl = run_tcl(project)
    assert tcl.eval("dict get $settings top") == "board_top"
    assert {"rtl/xilinx7.sv", "pins.xdc"} <= set(project.files)


def test_a_missing_source_is_noticed(emitted: Path, tmp_path: Path) -> None:
    project = write_project(BuildRequest(load_board("pynq-z1"), emitted, 100.0, 1), "net", tmp_path)
    (tmp_path / "rtl/fifo.sv").unlink()
    with pytest.raises(tkinter.TclError, match=r"no such file: rtl/fifo\.sv"):
        run_tcl(project)


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("bus dma/M_AXIS_MM2S network/s_axis\n", "", r"dma/M_AXIS_MM2S is open"),
        ("network/reset_i", "network/reset", r"no pin network/reset"),
        ("dma/axi_resetn ", "", r"dma/axi_resetn is open"),
        ("add axi_dma dma", "add axi_dmaa dma", r"no IP axi_dmaa"),
    ],
)
def test_a_fault_in_the_block_design_is_noticed(
    right: str, wrong: str, message: str, emitted: Path, tmp_path: Path
) -> None:
    project = write_project(BuildRequest(load_board("zcu104"), emitted, 100.0, 1), "net", tmp_path)
    script = tmp_path / "block_design.tcl"
    assert script.read_text().count(right) == 1
    script.write_text(script.read_text().replace(right, wrong))
    with pytest.raises(tkinter.TclError, match=message):
        run_tcl(project)


def test_a_part_without_processor_is_refused() -> None:
    with pytest.raises(UserError, match=r"ulx3s-85f: the part .* has no processor"):
        processor_of(load_board("ulx3s-85f"))


def test_without_edalize_the_message_names_the_cure(
    emitted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "edalize.flows.vivado", None)
    with pytest.raises(UserError, match="pip install edalize"):
        write_project(BuildRequest(load_board("pynq-z1"), emitted, 100.0, 1), "net", tmp_path)
