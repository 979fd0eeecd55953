"""The console: wide enough for tables in a pipe, and names are printed as they are."""

import io

import pytest
from rich.console import Console

from hwcodesign.core.terminal import console, plainly


def test_a_pipe_has_room_for_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", io.StringIO())
    assert console().width == 140


def test_a_name_in_brackets_is_printed_whole() -> None:
    screen = Console(file=io.StringIO(), width=80)
    plainly(screen)("layer [red]fire2[/] of net[0]")
    assert screen.file.getvalue() == "layer [red]fire2[/] of net[0]\n"  # type: ignore[attr-defined]
