"""openXC7's calls, with programs that stand for its own: databases found, both spellings, a bitstream from them."""

import json
import os
from pathlib import Path

import pytest

from hwcodesign.bitstream.build import build
from hwcodesign.bitstream.flow import BuildRequest
from hwcodesign.bitstream.xilinx.stage import for_vivado
from hwcodesign.core import tools
from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import RunFolder
from hwcodesign.emit.top_level import emit
from hwcodesign.fpga import openxc7
from hwcodesign.fpga.board import load_board
from hwcodesign.plan import Plan, plan
from tests.graphs import tiny_squeezenet

BOARDS = {
    "arty-a7-35": ("xc7a35tcsg324-1", "xc7a50t", "artix7"),
    "arty-a7-100": ("xc7a100tcsg324-1", "xc7a100t", "artix7"),
    "basys3": ("xc7a35tcpg236-1", "xc7a50t", "artix7"),
    "pynq-z1-pmod": ("xc7z020clg400-1", "xc7z020", "zynq7"),
    "zybo-z7-20-pmod": ("xc7z020clg400-1", "xc7z020", "zynq7"),
}
REPORT = {
    "fmax": {"clk": {"achieved": 120.0, "constraint": 100.0}},
    "utilization": {"SLICE_LUTX": {"used": 7, "available": 41600}, "RAMB36E1_RAMB36E1": {"used": 2, "available": 50}},
}
NETLIST = {"board_top": {"cells": {"u_design.u_accelerator.u_conv1.a": {"type": "LUT6"}}}}


class Package:
    """The programs and databases as apio installs them; each call is noted."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, spelling: str = "-o [ --vopt ] arg") -> None:
        self.folder = folder
        (folder / "bin").mkdir(parents=True)
        self.program("yosys", f"cat $2 > {folder}/script\ncat > netlist.json <<'END'\n{dumped(NETLIST)}\nEND")
        report = f"echo placed > placed.fasm\ncat > report.json <<'END'\n{json.dumps(REPORT)}\nEND"
        self.program("nextpnr-xilinx", f"case $1 in --help) echo '{spelling}'; exit;; esac\n{report}")
        self.program("fasm2frames", "test -s placed.fasm && echo frames > placed.frames")
        self.program("xc7frames2bit", "test -s placed.frames && echo bits > design.bit")
        for part, die, family in BOARDS.values():
            self.database(f"chipdb/{die}.bin")
            self.database(f"share/nextpnr/external/prjxray-db/{family}/{part}/part.yaml")
        monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv(tools.YOSYS.variable, str(folder / "bin" / "yosys"))
        monkeypatch.delenv("CHIPDB", raising=False)
        monkeypatch.delenv("PRJXRAY_DB_DIR", raising=False)
        openxc7._says.cache_clear()

    def program(self, name: str, body: str) -> None:
        path = self.folder / "bin" / name
        note = f'echo "{name} $*" >> {self.folder}/calls'
        path.write_text(f"#!/bin/sh\ncase $1 in --version) echo {name} 9.9; exit;; esac\n{note}\n{body}\n")
        path.chmod(0o755)

    def database(self, name: str) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).touch()

    @property
    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().replace(f"{self.folder}/", "").splitlines()


def dumped(modules: object) -> str:
    cells = {
        name: {**cell, "connections": {}, "port_directions": {}}
        for name, cell in NETLIST["board_top"]["cells"].items()
    }  # fmt: skip
    return json.dumps({"modules": {"board_top": {"cells": cells}}})


@pytest.fixture(scope="module")
def emitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Path]:
    made, folder = plan(tiny_squeezenet(), load_board("basys3"), frame_rate=10_000), tmp_path_factory.mktemp("emit")
    emit(made.design, made.foldings, made.storage, folder)
    return made, folder


def built(board: str, emitted: tuple[Plan, Path], folder: Path) -> dict[str, object]:
    (folder / "out").mkdir()
    request = BuildRequest(load_board(board), emitted[1], 100.0, 3)
    return build(request, emitted[0], RunFolder(folder / "phases"), folder / "out")


@pytest.mark.parametrize("board", BOARDS)
def test_a_bitstream_by_the_open_tools(
    board: str, emitted: tuple[Plan, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = Package(tmp_path / "apio", monkeypatch)
    part, die, family = BOARDS[board]
    assert not for_vivado(load_board(board))
    made = built(board, emitted, tmp_path)
    database = f"share/nextpnr/external/prjxray-db/{family}"
    assert [call for call in package.calls if "--help" not in call][1:] == [
        f"nextpnr-xilinx --freq 100 --seed 3 --device {part} --chipdb chipdb/{die}.bin -o xdc=pins.xdc "
        "-o fasm=placed.fasm --report report.json --timing-allow-fail --json netlist.json",
        f"fasm2frames --part {part} --db-root {database} placed.fasm placed.frames",
        f"xc7frames2bit --part_file {database}/{part}/part.yaml --part_name {part} --frm_file placed.frames "
        "--output_file design.bit",
    ]
    script = (package.folder / "script").read_text()
    assert "synth_xilinx -flatten -nodsp -family xc7 -top board_top\n" in script
    assert (tmp_path / "out" / "design.bit").read_text() == "bits\n"
    assert (made["fmax_mhz"], made["timing_met"], made["resources"]["block_ram"]["used"]) == (120.0, True, 4)  # type: ignore[index]
    assert "have never run" in str(made["warnings"])


def test_the_earlier_spelling(emitted: tuple[Plan, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = Package(tmp_path / "apio", monkeypatch, "--xdc arg   XDC-style constraints file")
    built("basys3", emitted, tmp_path)
    assert any("--chipdb chipdb/xc7a50t.bin --xdc pins.xdc --fasm placed.fasm" in call for call in package.calls)


def test_databases_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Package(tmp_path / "apio", monkeypatch)
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "artix7" / "xc7a35tcpg236-1").mkdir(parents=True)
    (elsewhere / "artix7" / "xc7a35tcpg236-1" / "part.yaml").touch()
    (elsewhere / "xc7a35tcpg236.bin").touch()
    monkeypatch.setenv("CHIPDB", str(elsewhere))
    monkeypatch.setenv("PRJXRAY_DB_DIR", str(elsewhere))
    assert openxc7.chip_database("xc7a35tcpg236-1") == elsewhere / "xc7a35tcpg236.bin"
    assert openxc7.x_ray_database("xc7a35tcpg236-1") == elsewhere / "artix7"
    monkeypatch.setenv("CHIPDB", str(elsewhere / "xc7a35tcpg236.bin"))
    assert openxc7.chip_database("xc7z020clg400-1") == elsewhere / "xc7a35tcpg236.bin"


def test_a_database_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = Package(tmp_path / "apio", monkeypatch)
    (package.folder / "chipdb" / "xc7z020.bin").unlink()
    with pytest.raises(UserError, match=r"no database for xc7z020clg400-1: looked for xc7z020.bin .* set CHIPDB"):
        openxc7.chip_database("xc7z020clg400-1")
    with pytest.raises(UserError, match=r"no kintex7/xc7k325tffg676-1/part.yaml in .* set PRJXRAY_DB_DIR"):
        openxc7.x_ray_database("xc7k325tffg676-1")


def test_without_one_of_them_it_is_vivados_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package, board = Package(tmp_path / "apio", monkeypatch), load_board("basys3")
    assert not for_vivado(board)
    package.program("vivado", "true")
    assert for_vivado(board)
    (package.folder / "bin" / "vivado").unlink()
    (package.folder / "bin" / "fasm2frames").unlink()
    assert for_vivado(board)
    assert for_vivado(load_board("pynq-z1"))
