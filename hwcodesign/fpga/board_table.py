"""Boards for a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hwcodesign.fpga.board import RESOURCES, Board

if TYPE_CHECKING:
    from rich.table import Table


def boards_table(boards: Sequence[Board]) -> "Table":
    """One line a board."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, title="Boards", title_justify="left")
    for heading in ("name", "board", "family"):
        table.add_column(heading)
    for heading in ("LUT", "DSP", "block RAM", "large RAM", "clock"):
        table.add_column(heading, justify="right")
    table.add_column("link")
    table.add_column("bitstream by")
    for board in boards:
        has = board.resources
        large = f"{has.large_ram} {board.device.large_ram}" if has.large_ram else ""
        amounts = (f"{has.lut:,}", f"{has.dsp:,}", f"{has.block_ram:,} {board.device.block_name}", large)
        table.add_row(board.name, board.title, board.family, *amounts, f"{board.clock_mhz:g} MHz", _link(board),
                      board.toolchain[1] if len(board.toolchain) > 1 else board.toolchain[0])  # fmt: skip
    return table


def board_table(board: Board) -> "Table":
    """Everything of one board: what it has, what a design may use of it, pins and where they were looked up."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(f"{board.name}: {board.title}"), title_justify="left", show_header=False, box=None)
    rows = [("part", board.part), ("family", board.family), ("clock", f"{board.clock_mhz:g} MHz if not said otherwise")]
    for key in RESOURCES:
        amount = getattr(board.resources, key)
        if amount:
            rows.append((board.unit(key), f"{amount:,}, of which a design may use {board.usable[key]:,}"))
    rows += [("link", _link(board)), ("toolchain", ", ".join(board.toolchain))]
    rows += [(f"pin of {port}", pin) for port, pin in board.pins.items()]
    rows += [("pins from", "; ".join(board.pins_from))] if board.pins_from else []
    for what, value in rows:
        table.add_row(f"[bold]{escape(what)}[/]", escape(value))
    return table


def _link(board: Board) -> str:
    if board.link is None:
        return ""
    return f"UART, up to {board.link.baud:,} baud" if board.link.baud else board.link.type
