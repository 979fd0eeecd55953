"""Boards for a terminal: every board in one line, and all of one board."""

import io

import pytest
from rich.console import Console

from hwcodesign.fpga.board import RESOURCES, board_names, load_board
from hwcodesign.fpga.board_table import board_table, boards_table


def shown(table: object) -> str:
    screen = Console(file=io.StringIO(), width=250)
    screen.print(table)
    return screen.file.getvalue()  # type: ignore[attr-defined]


def test_every_board_has_its_line_with_its_amounts() -> None:
    boards = [load_board(name) for name in board_names()]
    lines = {line.split()[0]: line for line in shown(boards_table(boards)).splitlines() if line.strip()}
    for board in boards:
        assert f"{board.resources.lut:,}" in lines[board.name] and board.device.block_name in lines[board.name]


@pytest.mark.parametrize("name", ["ulx3s-85f", "kv260"])
def test_one_board_says_what_a_design_may_use_and_where_its_pins_are_from(name: str) -> None:
    board = load_board(name)
    text = shown(board_table(board))
    for key in RESOURCES:
        if amount := getattr(board.resources, key):
            assert f"{amount:,}, of which a design may use {board.usable[key]:,}" in text
    for port, pin in board.pins.items():
        assert f"pin of {port}" in text and pin in text
