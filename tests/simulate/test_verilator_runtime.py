"""Verilator's library is kept by everything that its code depends on, and never half."""

from pathlib import Path

import pytest

from hwcodesign.simulate import verilator_runtime
from hwcodesign.simulate.verilator_runtime import fetch, keep, runtime_folder


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(verilator_runtime, "find", lambda tool: Path(tool.name))
    monkeypatch.setattr(verilator_runtime, "version_of", lambda tool, path: (5, 48))
    monkeypatch.setattr(verilator_runtime, "verilator", lambda: Path("verilator"))
    monkeypatch.setattr(verilator_runtime, "place", lambda: tmp_path / "environment")
    folder = tmp_path / "build"
    folder.mkdir()
    (folder / "Vtop_classes.mk").write_text("VM_COVERAGE = 0\nVM_TRACE = 1\nOTHER = 1\nVM_TIMING = 0\n")
    (folder / "verilated.o").write_bytes(b"code")
    (folder / "Vtop.o").write_bytes(b"design")
    return folder


def test_settings_versions_and_optimisation_name_the_folder(build: Path) -> None:
    assert runtime_folder(build, "-O3").name == "5.48-5.48-O3-010"
    (build / "Vtop_classes.mk").write_text("VM_COVERAGE = 0\nVM_TRACE = 0\nVM_TIMING = 0\n")
    assert runtime_folder(build, "-O1").name == "5.48-5.48-O1-000"


def test_what_is_kept_is_fetched_but_for_the_design_itself(build: Path, tmp_path: Path) -> None:
    kept = runtime_folder(build, "-O1")
    keep(build, kept)
    assert [item.name for item in kept.iterdir()] == ["verilated.o"]
    assert [item.name for item in kept.parent.iterdir()] == [kept.name]  # nothing half is left
    other = tmp_path / "other"
    other.mkdir()
    fetch(kept, other)
    assert (other / "verilated.o").read_bytes() == b"code" and not (other / "Vtop.o").exists()


def test_what_is_there_stays_and_what_cannot_be_written_is_no_error(build: Path, tmp_path: Path) -> None:
    kept = runtime_folder(build, "-O1")
    keep(build, kept)
    (build / "verilated.o").write_bytes(b"other")
    keep(build, kept)
    assert (kept / "verilated.o").read_bytes() == b"code"
    (tmp_path / "file").touch()
    keep(build, tmp_path / "file" / "below")
    assert (tmp_path / "file").is_file()
