"""The bitstream stage for AMD's boards: what lies in its folder with and without Vivado, and what it says."""

import io
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hwcodesign.bitstream.build import UTILISATION
from hwcodesign.bitstream.flow import BuildRequest
from hwcodesign.bitstream.program import Bitstream
from hwcodesign.bitstream.xilinx.stage import PLACED, SYNTHESISED, build_amd, for_vivado
from hwcodesign.core import tools
from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import RunFolder
from hwcodesign.emit.top_level import emit
from hwcodesign.flow.stages import stage_of
from hwcodesign.fpga.board import board_names, load_board
from hwcodesign.fpga.resources import Resources
from hwcodesign.host.contract import Contract, load_selftest
from hwcodesign.job import Job
from hwcodesign.plan import Plan, plan
from hwcodesign.recipe import HardwareTable
from tests.graphs import tiny_squeezenet

fake_vivado = pytest.importorskip("tests.bitstream.xilinx.fake_vivado")
IMAGES = np.random.default_rng(1).integers(0, 256, (4, 8, 8, 1))


class Workbench:
    """An emitted design, and a Yosys that finds the same few cells in whatever it is given."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.monkeypatch = folder, monkeypatch
        self.made: Plan = plan(tiny_squeezenet(), load_board("pynq-z1"), frame_rate=10_000)
        emit(self.made.design, self.made.foldings, self.made.storage, folder / "emit")
        self.yosys({"u_accelerator.u_conv1.a": "LUT6", "u_accelerator.u_conv1.b": "RAMB36E1", "u_link.c": "FDRE"})

    def yosys(self, cells: dict[str, str]) -> None:
        """`cells` by their names behind the module that holds network and link."""
        modules = {
            top: {"cells": {f"{inside}{name}": {"type": kind} for name, kind in cells.items()}}
            for top, inside in (("accelerator_dma", ""), ("board_top", "u_design."))
        }
        program = self.folder / "yosys"
        program.write_text(
            f"#!/bin/sh\ncase $1 in --version) echo Yosys 0.70; exit;; esac\necho run >> {self.folder}/calls\n"
            f"cp $2 {self.folder}/script\ncat > netlist.json <<'END'\n{json.dumps({'modules': modules})}\nEND\n"
        )
        program.chmod(0o755)
        self.monkeypatch.setenv(tools.YOSYS.variable, str(program))

    def vivado(self, slack_ns: str = "1.000") -> None:
        (self.folder / "bin").mkdir()
        fake_vivado.install(self.folder / "bin")
        self.monkeypatch.setenv("PATH", f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
        self.monkeypatch.setenv("FAKE_SLACK", slack_ns)

    def build(self, board: str, name: str = "out") -> tuple[dict, Path]:
        out = self.folder / name
        out.mkdir()
        request = BuildRequest(load_board(board), self.folder / "emit", 100.0, 1)
        return build_amd(request, self.made, "tiny", IMAGES, RunFolder(self.folder / "phases"), out), out


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    return Workbench(tmp_path, monkeypatch)


def test_which_boards_vivado_builds() -> None:
    boards = {name for name in board_names() if for_vivado(load_board(name))}
    artix = {"arty-a7-35", "arty-a7-100", "basys3", "cmod-a7", "pynq-z1-pmod", "zybo-z7-20-pmod"}
    assert boards == artix | {"pynq-z1", "pynq-z2", "zybo-z7-20", "zcu104", "ultra96-v2", "kv260"}


def test_without_vivado_there_is_a_project_a_driver_and_counts(bench: Workbench) -> None:
    summary, out = bench.build("pynq-z2")
    assert "not built: Vivado is not on the PATH" in summary["state"]
    assert "bitstream" not in summary
    assert "timing_met" not in summary
    assert summary["resources"]["lut"] == {
        "used": 1, "network": 1, "planned": bench.made.resources.lut, "available": 53200,
        "link_planned": bench.made.link.lut,
    }  # fmt: skip
    assert summary["resources"]["ff"]["used"] - summary["resources"]["ff"]["network"] == 1
    assert summary["resources"]["block_ram"]["used"] == 2
    assert summary["counted_by"] == SYNTHESISED
    document = json.loads((out / UTILISATION).read_text())
    assert Resources(**document["layers"]["conv1"]) == Resources(lut=1, block_ram=2)
    assert Contract.load(out) == Contract.load(out / "driver")
    assert Contract.load(out).link == "axi-dma"
    assert len(load_selftest(out / "driver")[0]) == len(IMAGES)
    assert "once tiny.bit and tiny.hwh are built" in summary["host"]
    assert "synth_xilinx" in (bench.folder / "script").read_text()


def test_with_vivado_there_is_a_bitstream_and_its_counts(bench: Workbench) -> None:
    bench.vivado()
    summary, out = bench.build("pynq-z1")
    assert summary["state"] == f"built with Vivado in {bench.folder / 'phases' / 'vivado'}"
    for place in (out, out / "driver"):
        assert (place / "tiny.bit").read_text() == "bits"
        assert (place / "tiny.hwh").read_text() == "handoff"
    assert (summary["fmax_mhz"], summary["timing_met"]) == (111.11, True)
    assert (summary["resources"]["lut"]["used"], summary["resources"]["lut"]["network"]) == (1234, 1)
    assert summary["counted_by"] == PLACED
    assert summary["host"].startswith("copy the folder driver")


def test_a_missed_clock_says_by_how_much(bench: Workbench) -> None:
    bench.vivado("-0.500")
    summary, _ = bench.build("pynq-z1")
    assert not summary["timing_met"]
    assert "misses the clock by 0.500 ns" in summary["timing"]
    assert "system_wrapper_timing_summary_routed.rpt" in summary["timing"]


def test_an_arty_gets_the_serial_top_level_and_its_pins(bench: Workbench) -> None:
    bench.vivado()
    summary, out = bench.build("arty-a7-35")
    assert summary["clock_mhz"] == 100
    assert not summary["host"]
    assert not (out / "driver").exists()
    assert (Contract.load(out).link, Contract.load(out).baud) == ("uart", 4_000_000)
    pins = (out / "vivado/pins.xdc").read_text()
    assert "set_property -dict {PACKAGE_PIN E3 IOSTANDARD LVCMOS33} [get_ports {clk_i}]" in pins
    assert "create_clock -period 10.000 [get_ports clk_i]" in pins
    assert (out / "tiny.bit").exists()


def test_counts_are_not_made_again_for_the_same_design(bench: Workbench) -> None:
    bench.build("pynq-z1", "first")
    bench.build("pynq-z1", "second")
    assert (bench.folder / "calls").read_text() == "run\n"


@pytest.mark.parametrize(
    "name", ["x$(shell touch P)y", "x;exec touch P;#", 'x", __import__("os").system("touch P"), "', "a b"]
)  # fmt: skip
def test_a_networks_name_is_never_a_command(bench: Workbench, name: str) -> None:
    """Not in the Makefile, nor in Tcl, nor in the driver's Python; the host is told the name as it is."""
    request = BuildRequest(load_board("pynq-z1"), bench.folder / "emit", 100.0, 1)
    build_amd(request, bench.made, name, IMAGES, RunFolder(bench.folder / "phases"), bench.folder)
    written = [path for path in bench.folder.rglob("*") if path.suffix in (".py", ".tcl", ".mk", ".json", "")]
    texts = {path.name: path.read_text(errors="replace") for path in written if path.is_file()}
    assert {name for name in texts if name != "contract.json" and "touch P" in texts[name]} == set()
    assert json.loads(texts["contract.json"])["network"] == name
    compile(texts["classify.py"], "classify.py", "exec")


def test_a_board_without_a_link_is_refused(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    board = load_board("pynq-z1").model_copy(update={"link": None})
    request = BuildRequest(board, bench.folder / "emit", 100.0, 1)
    with pytest.raises(UserError, match=r"pynq-z1 has no \[link\]"):
        build_amd(request, bench.made, "tiny", IMAGES, RunFolder(bench.folder / "phases"), bench.folder)


def test_a_clock_that_the_oscillator_cannot_make_is_refused(bench: Workbench) -> None:
    request = BuildRequest(load_board("arty-a7-100"), bench.folder / "emit", 2.0, 1)
    with pytest.raises(UserError, match="arty-a7-100 makes clocks from"):
        build_amd(request, bench.made, "tiny", IMAGES, RunFolder(bench.folder / "phases"), bench.folder)
    assert replace(request, clock_mhz=60.0).clock.module == "xilinx7"


def test_the_stage_of_a_run_goes_this_way_and_the_report_says_so(bench: Workbench) -> None:
    from rich.console import Console

    from hwcodesign.flow.report import report_table, write_report

    run = RunFolder(bench.folder / "net")
    run.claim("model")
    (run.path / "plan").mkdir(parents=True)
    bench.made.save(run.stage("plan"))
    (bench.folder / "emit").rename(run.stage("emit"))
    job = Job(run, HardwareTable(board="kv260"), model=Path("their.onnx"))
    run.execute(stage_of(job, "bitstream"))
    screen = Console(file=io.StringIO(), width=200)
    with screen.capture() as captured:
        screen.print(report_table(write_report(run), "net"))
    text = captured.get()
    assert "not built: Vivado is not on the PATH" in text
    assert "(Yosys, before placement)" in text
    assert "once net.bit and net.hwh are built" in text
    with pytest.raises(UserError, match="holds no bitstream: project written, not built"):
        Bitstream.of_run(run.path)
