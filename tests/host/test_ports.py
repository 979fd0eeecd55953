"""Serial ports: what is wrong with one is said in words, and bytes go through as they are."""

import builtins
import grp
import os
from typing import Any

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.host.ports import open_port, read, write

BAUD = 115200
PATIENCE_SECONDS = 0.1


@pytest.mark.parametrize(
    ("port", "message"),
    [
        ("/dev/ttyUSB99", "there is no port /dev/ttyUSB99"),
        ("/dev/null", "no serial port"),
        (__file__, "no serial port"),
    ],
)
def test_a_port_that_is_none(port: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        open_port(port, BAUD, PATIENCE_SECONDS)


def test_a_port_of_somebody_else(terminal: tuple[int, str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> int:
        raise PermissionError(13, "Permission denied")

    group = grp.getgrgid(os.stat(terminal[1]).st_gid).gr_name
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(UserError, match=f"join the group {group} that it belongs to .*usermod -aG {group}"):
        open_port(terminal[1], BAUD, PATIENCE_SECONDS)


def test_pyserial_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "serial":
            raise ImportError(name)
        return original(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError, match="pip install pyserial"):
        open_port("/dev/ttyUSB0", BAUD, PATIENCE_SECONDS)


def test_what_waits_in_a_port_is_thrown_away_and_bytes_pass_unchanged(terminal: tuple[int, str]) -> None:
    board, name = terminal
    os.write(board, b"left over")
    every = bytes(range(256)) * 8  # more than one piece
    with open_port(name, BAUD, PATIENCE_SECONDS) as port:
        write(port, every)
        sent = b""
        while len(sent) < len(every):
            sent += os.read(board, 4096)
        os.write(board, every[:300])
        found = b""
        while len(found) < 300:
            found += read(port)
    assert (sent, found) == (every, every[:300])


def test_a_port_that_nobody_else_may_open_while_we_have_it(terminal: tuple[int, str]) -> None:
    with open_port(terminal[1], BAUD, PATIENCE_SECONDS), pytest.raises(UserError, match="is busy: another program"):
        open_port(terminal[1], BAUD, PATIENCE_SECONDS)
