"""`hwcodesign doctor`: the tools, their versions, and how to mend what is wrong."""

from contextlib import suppress

import click

from hwcodesign.core.errors import UserError


@click.command()
def command() -> None:
    """Print every tool, its version, whether it is good, and how to mend it.

    Exit code 2 if one that is required is missing or too old.
    """
    from rich.markup import escape
    from rich.table import Table

    from hwcodesign.core import packages
    from hwcodesign.core.terminal import console
    from hwcodesign.core.tools import survey
    from hwcodesign.simulate.verilator_setup import verilator

    with suppress(UserError):  # the table tells what is missing
        verilator()
    table = Table(box=None, header_style="bold")
    for heading in ("tool", "version", "", "where", "how to mend"):
        table.add_column(heading, overflow="fold")
    rows = survey()
    for row in rows:
        verdict = "[green]good[/]" if row.good else ("[red]bad[/]" if row.required else "[yellow]optional[/]")
        table.add_row(
            row.name, row.version or "-", verdict, escape(row.path) or "-", "" if row.good else escape(row.mend)
        )
    console().print(table)
    if advice := packages.torch_advice():
        console().print(f"[yellow]{escape(advice)}[/]")
    raise SystemExit(2 if any(row.required and not row.good for row in rows) else 0)
