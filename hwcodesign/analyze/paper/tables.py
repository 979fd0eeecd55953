"""All of the dissertation's tables that we recompute, for a terminal and as JSON."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from rich.table import Table

from hwcodesign.analyze.paper.nin import tables_4
from hwcodesign.analyze.paper.row import PaperRow, PaperTable
from hwcodesign.analyze.paper.squeezenet import table_5_1, table_5_3
from hwcodesign.analyze.paper.volumes import table_3_1


def paper_tables() -> list[PaperTable]:
    """Every table, in the dissertation's order."""
    return [table_3_1(), *tables_4(), table_5_1(), table_5_3()]


def render(table: PaperTable) -> Table:
    """Ours beside the printed figures; a difference is red, with its reason."""
    title = f"{'' if table.number.startswith('section') else 'table '}{table.number}: {table.title} ({table.about})"
    shown = Table(title=title, title_justify="left", title_style="bold", box=None, header_style="bold", pad_edge=False)
    for heading, justify in (("", "left"), ("ours", "right"), ("printed", "right"), ("", "left"), ("why", "left")):
        shown.add_column(heading, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for row in table.rows:
        verdict = {True: "[green]agrees[/]", False: f"[red]differs[/] {row.difference}", None: ""}[row.agrees]
        printed = f"{row.printed} {row.unit}".strip() if row.printed else ""
        shown.add_row(row.what, f"{_ours(row)} {row.unit}".strip(), printed, verdict, row.reason)
    return shown


def summary(tables: Sequence[PaperTable]) -> str:
    """How many figures agree, and every one that does not."""
    rows = [(table, row) for table in tables for row in table.rows]
    differ = [f"  {table.number} {row.what}: {_ours(row)} {row.unit}, printed {row.printed}: {row.reason}"
              for table, row in rows if row.agrees is False]  # fmt: skip
    agree, silent = (sum(row.agrees is verdict for _, row in rows) for verdict in (True, None))
    lines = (f"{agree} figures agree with the printed ones to the printed digits, {len(differ)} differ, {silent} are "
             f"ours alone", *differ)  # fmt: skip
    return "\n".join(lines)


def to_json(table: PaperTable) -> dict[str, Any]:
    """A table as plain data; numbers of ours are floats."""
    rows = [
        {"what": row.what, "ours": float(row.ours) if isinstance(row.ours, Fraction) else row.ours, "unit": row.unit,
         "printed": row.printed or None, "agrees": row.agrees, "why": row.reason or None}
        for row in table.rows
    ]  # fmt: skip
    return {"table": table.number, "title": table.title, "about": table.about, "rows": rows}


def _ours(row: PaperRow) -> str:
    """To four digits, or to whole units if that is more."""
    if isinstance(row.ours, str):
        return row.ours
    number = float(row.ours)
    return f"{number:#.4g}" if number < 1000 else f"{number:,.0f}"
