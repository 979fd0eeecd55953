"""Sends a bitstream to its board with openFPGALoader."""

import hashlib
import json
import shlex
from dataclasses import dataclass
from pathlib import Path

from hwcodesign.bitstream.build import UTILISATION
from hwcodesign.core import tools
from hwcodesign.core.document import reading
from hwcodesign.core.errors import UserError
from hwcodesign.fpga.board import Board, load_board


@dataclass(frozen=True)
class Bitstream:
    """A file and the board that it is for."""

    file: Path
    board: Board

    @classmethod
    def of_run(cls, run: Path) -> "Bitstream":
        """The bitstream of a run folder. Raises UserError if it has none, or not the one that was built."""
        record = run / "bitstream" / UTILISATION
        if not record.is_file():
            raise UserError(f"{run} has no bitstream yet: hwcodesign bitstream {run.name}")
        with reading(record):
            built = dict(json.loads(record.read_text()))
            if "bitstream" not in built:
                raise UserError(f"{record.parent} holds no bitstream: {built['state']}")
            file, sha256, board = Path(record.parent, built["bitstream"]), str(built["sha256"]), str(built["board"])
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
            raise UserError(f"{file} is not the bitstream that {record} describes: build it again")
        return cls(file, load_board(board))

    @classmethod
    def of_file(cls, file: Path, board: str | None) -> "Bitstream":
        """A bitstream file for `board`, which a run's own record may tell. Raises UserError if neither does."""
        if not file.is_file():
            raise UserError(f"there is no file {file}")
        if board:
            return cls(file, load_board(board))
        if (file.parent / UTILISATION).is_file():
            found = cls.of_run(file.parent.parent)
            if found.file.name == file.name:
                return found
        raise UserError(f"which board is {file} for? Say --board NAME")


def command_for(bitstream: Bitstream, flash: bool) -> list[str]:
    """The command that programs the board: its memory, or with `flash` the chip that it starts from.

    Raises UserError if openFPGALoader does not know the board.
    """
    if not bitstream.board.programmer:
        raise UserError(f"{bitstream.board.name} is not programmed by openFPGALoader: its file has no 'programmer'")
    options = [*bitstream.board.programmer, *(["--write-flash"] if flash else [])]
    return [tools.OPENFPGALOADER.name, *options, str(bitstream.file)]


def program(bitstream: Bitstream, flash: bool, log: Path) -> None:
    """Program the board; what the tool says goes to the terminal and to `log`.

    Raises UserError with the exact command if the tool is missing, and with its last words if it fails.
    """
    name, *arguments = command_for(bitstream, flash)
    try:
        path = tools.require(tools.OPENFPGALOADER)
    except UserError as error:
        raise UserError(f"{error}\nthen: {shlex.join([name, *arguments])}") from None
    tools.run([path, *arguments], Path.cwd(), log, on_line=print)
