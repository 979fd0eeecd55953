"""Programming: the command for the board, through openFPGALoader where it is, in words where it is not."""

import hashlib
import json
from pathlib import Path

import pytest

from hwcodesign.bitstream.program import Bitstream, command_for, program
from hwcodesign.core import tools
from hwcodesign.core.errors import UserError
from hwcodesign.fpga.board import load_board


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder with a bitstream for the ULX3S."""
    folder = tmp_path / "runs" / "digits" / "bitstream"
    folder.mkdir(parents=True)
    (folder / "design.bit").write_bytes(b"bits")
    built = {"board": "ulx3s-85f", "bitstream": "design.bit", "sha256": hashlib.sha256(b"bits").hexdigest()}
    (folder / "utilisation.json").write_text(json.dumps(built))
    return folder.parent


@pytest.fixture
def loader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An openFPGALoader that writes its arguments into a file, and fails for a board named broken."""
    path = tmp_path / "openFPGALoader"
    path.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\necho loading\ntest "$2" != broken\n')
    path.chmod(0o755)
    monkeypatch.setenv(tools.OPENFPGALOADER.variable, str(path))
    return tmp_path / "arguments"


def test_the_board_gets_its_runs_bitstream(run: Path, loader: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program(Bitstream.of_run(run), flash=False, log=run / "program.log")
    assert loader.read_text().split() == ["--board", "ulx3s", str(run / "bitstream" / "design.bit")]
    assert "loading" in capsys.readouterr().out
    assert "loading" in (run / "program.log").read_text()


def test_flash_writes_what_stays(run: Path, loader: Path) -> None:
    program(Bitstream.of_run(run), flash=True, log=run / "program.log")
    assert "--write-flash" in loader.read_text().split()


def test_a_file_needs_its_board_unless_it_lies_in_a_run(run: Path, tmp_path: Path) -> None:
    alone = tmp_path / "mine.fs"
    alone.write_bytes(b"x")
    assert Bitstream.of_file(alone, "tang-nano-9k") == Bitstream(alone, load_board("tang-nano-9k"))
    assert Bitstream.of_file(run / "bitstream" / "design.bit", None).board.name == "ulx3s-85f"
    with pytest.raises(UserError, match=r"which board is .*mine\.fs for"):
        Bitstream.of_file(alone, None)
    with pytest.raises(UserError, match="there is no file"):
        Bitstream.of_file(tmp_path / "none.bit", "ulx3s-85f")


def test_a_run_without_a_bitstream_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no bitstream yet: hwcodesign bitstream digits"):
        Bitstream.of_run(tmp_path / "digits")


def test_a_changed_bitstream_is_refused(run: Path) -> None:
    (run / "bitstream" / "design.bit").write_bytes(b"other bits")
    with pytest.raises(UserError, match="is not the bitstream that"):
        Bitstream.of_run(run)


def test_without_the_loader_the_exact_command_is_printed(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(tools.OPENFPGALOADER.variable, raising=False)
    expected = f"then: openFPGALoader --board ulx3s {run / 'bitstream' / 'design.bit'}"
    with pytest.raises(UserError, match=expected):
        program(Bitstream.of_run(run), flash=False, log=run / "program.log")


def test_a_loader_that_fails_is_quoted(run: Path, loader: Path) -> None:
    broken = load_board("ulx3s-85f").model_copy(update={"programmer": ("--board", "broken")})
    with pytest.raises(UserError, match=r"openFPGALoader failed \(exit code 1\)(.|\n)*loading"):
        program(Bitstream(run / "bitstream" / "design.bit", broken), flash=False, log=run / "program.log")


def test_a_board_of_a_vendors_own_programmer_is_refused() -> None:
    with pytest.raises(UserError, match="zcu104 is not programmed by openFPGALoader"):
        command_for(Bitstream(Path("x.bit"), load_board("zcu104")), flash=False)
