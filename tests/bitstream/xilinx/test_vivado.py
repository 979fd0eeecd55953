"""Vivado is found, run and read: with a stand-in on the PATH, and in words when it is missing or fails."""

import os
from pathlib import Path

import pytest

from hwcodesign.bitstream.flow import BuildRequest
from hwcodesign.bitstream.xilinx.project import Project, write_project
from hwcodesign.bitstream.xilinx.vivado import (
    LOG,
    build,
    built,
    not_built,
    used_resources,
    vivado_is_there,
    worst_slack_ns,
)
from hwcodesign.core.errors import UserError
from hwcodesign.emit.top_level import emit
from hwcodesign.fpga.board import load_board
from hwcodesign.fpga.resources import Resources
from hwcodesign.plan import plan
from tests.graphs import tiny_squeezenet

fake_vivado = pytest.importorskip("tests.bitstream.xilinx.fake_vivado")

# Rows as report_utilization prints them.
ULTRASCALE = """
| CLB LUTs                   | 5012 |     0 |          0 |    230400 |  2.18 |
|   LUT as Logic             | 4800 |     0 |          0 |    230400 |  2.08 |
| CLB Registers              | 6021 |     0 |          0 |    460800 |  1.31 |
| Block RAM Tile             | 10.5 |     0 |          0 |       312 |  3.37 |
| URAM                       |    3 |     0 |          0 |        96 |  3.13 |
| DSPs                       |   12 |     0 |          0 |      1728 |  0.69 |
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = plan(tiny_squeezenet(), load_board("pynq-z1"), frame_rate=10_000)
    emit(made.design, made.foldings, made.storage, tmp_path / "emit")
    return write_project(BuildRequest(load_board("pynq-z1"), tmp_path / "emit", 100.0, 1), "net", tmp_path / "project")


@pytest.fixture
def vivado(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    fake_vivado.install(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")


def test_with_vivado_the_project_is_built(project: Project, vivado: None) -> None:
    assert vivado_is_there()
    build(project)
    found = built(project)
    assert found.bitstream.read_text() == "bits"
    assert found.bitstream.name == "net.bit"
    assert found.handoff == project.folder / "net.hwh"
    assert found.handoff.read_text() == "handoff"
    assert found.resources == Resources(lut=1234, ff=99)
    assert found.fmax_mhz == pytest.approx(1000 / 9)


def test_without_vivado_the_message_says_what_there_is_and_what_to_do(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert not vivado_is_there()
    assert "not built: Vivado is not on the PATH" in not_built("vivado")
    assert not_built("vivado").endswith("make in the folder vivado")
    with pytest.raises(UserError, match=r"vivado is missing(?s:.*)settings64\.sh"):
        build(project)


def test_vivados_own_errors_are_shown(project: Project, vivado: None) -> None:
    (project.folder / "rtl/fifo.sv").unlink()
    (project.folder / "Makefile").write_text((project.folder / "Makefile").read_text().replace("rtl/fifo.sv", ""))
    with pytest.raises(UserError, match=r"Vivado's first errors:\nERROR: \[Fake 1-1\] no such file: rtl/fifo\.sv"):
        build(project)


def test_an_end_without_reports_is_an_error(project: Project, vivado: None) -> None:
    build(project)
    (project.folder / "net.runs/impl_1/system_wrapper_utilization_placed.rpt").unlink()
    with pytest.raises(UserError, match=r"ended without .*utilization_placed\.rpt"):
        built(project)


@pytest.mark.parametrize(
    ("stopped", "launched"),
    [
        ("project", ["synth_1", "impl_1"]),
        ("synth_1", ["synth_1", "impl_1"]),
        ("impl_1", ["impl_1"]),
    ],
)
def test_an_interrupted_build_goes_on(
    stopped: str, launched: list[str], project: Project, vivado: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_STOP", stopped)
    with pytest.raises(UserError, match="make failed"):
        build(project)
    assert not (project.folder / "net.bit").exists()
    monkeypatch.setenv("FAKE_STOP", "")
    build(project)
    assert built(project).bitstream.read_text() == "bits"
    words = [line.split() for line in (project.folder / LOG).read_text().splitlines()]
    assert [line[1] for line in words if line[:1] == ["launched"]] == launched


def test_missed_timing_shows_in_the_slack() -> None:
    report = "    WNS(ns)      TNS(ns)\n    -------      -------\n     -2.500      -31.2\n"
    assert worst_slack_ns(report) == -2.5
    with pytest.raises(UserError, match="clock constrained"):
        worst_slack_ns("nothing")


def test_counts_are_read_in_bram18() -> None:
    assert used_resources(ULTRASCALE) == Resources(lut=5012, ff=6021, dsp=12, block_ram=21, large_ram=3)
