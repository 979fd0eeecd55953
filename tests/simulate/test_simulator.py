"""Simulations: built with Verilator's kept library, run with cocotb, and honest about failures."""

from pathlib import Path

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.simulate import simulator, verilator_runtime

DESIGN = "module counter (input logic clk_i, output logic [7:0] count_o);\n  assign count_o = 8'd42;\nendmodule\n"
TEST = """
import cocotb
from cocotb.triggers import Timer

@cocotb.test()
async def answer(dut):
    await Timer(1, "step")
    assert dut.count_o.value.to_unsigned() == {expected}
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> simulator.Simulation:
    folder = tmp_path_factory.mktemp("counter")
    (folder / "counter.sv").write_text(DESIGN)
    return simulator.build(folder, "counter", [folder / "counter.sv"], ["clk_i", "count_o"], optimise="-O0")


def cocotb_module(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> str:
    (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(folder)
    return name


def test_a_passing_test_passes(built: simulator.Simulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    module = cocotb_module(tmp_path, monkeypatch, "passing", TEST.format(expected=42))
    simulator.run(built, module, on_line=lines.append)
    assert any("PASS=1" in line for line in lines)


def test_a_failing_test_fails(built: simulator.Simulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = cocotb_module(tmp_path, monkeypatch, "failing", TEST.format(expected=41))
    with pytest.raises(UserError, match=r"1 of 1 tests in failing failed.*(?s:.*)assert 42 == 41"):
        simulator.run(built, module)


def test_a_module_without_tests_fails(
    built: simulator.Simulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError):
        simulator.run(built, cocotb_module(tmp_path, monkeypatch, "empty", ""))


def test_a_broken_design_shows_the_compilers_words(tmp_path: Path) -> None:
    source = tmp_path / "broken.sv"
    source.write_text("module broken (input logic a_i); assign b = c; endmodule\n")
    with pytest.raises(UserError, match=r"verilator failed(?s:.*)broken.sv:1"):
        simulator.build(tmp_path / "build", "broken", [source], ["a_i"])


def test_the_library_is_compiled_once(built: simulator.Simulation, tmp_path: Path) -> None:
    kept = verilator_runtime.runtime_folder(built.folder, "-O0")
    assert (kept / "verilated.o").is_file()
    assert verilator_runtime.runtime_folder(built.folder, "-O3") != kept
    simulator.build(tmp_path, "counter", [built.folder / "counter.sv"], ["clk_i", "count_o"], optimise="-O0")
    made = (tmp_path / "make.log").read_text()
    assert "-o verilator.o" in made
    assert "-o verilated.o" not in made


def test_an_environment_that_cannot_be_written_compiles_every_time(built: simulator.Simulation, tmp_path: Path) -> None:
    occupied = tmp_path / "occupied"
    occupied.write_text("a file where the folder should be")
    verilator_runtime.keep(built.folder, occupied / "kept")
    assert occupied.is_file()
