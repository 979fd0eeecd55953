"""`hwcodesign paper`: the dissertation's tables, recomputed, beside the printed figures."""

import json

import click


@click.command()
@click.option("--table", "number", help="Only this table, such as 4.2.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def command(number: str | None, as_json: bool) -> None:
    """Tables 3.1, 4.1 to 4.8, 5.1, 5.3 and the count of section 4.7 of Iandola's dissertation, from first principles.

    Every figure of ours stands beside the printed one; where they differ, the difference and the reason stand there.

    \b
    Examples:
      hwcodesign paper
      hwcodesign paper --table 4.2
    """
    from hwcodesign.analyze.paper.tables import paper_tables, render, summary, to_json
    from hwcodesign.core.errors import UserError, did_you_mean
    from hwcodesign.core.terminal import console

    tables = {table.number: table for table in paper_tables()}
    if number is not None and number not in tables:
        raise UserError(f"there is no table {number!r}: {did_you_mean(number, tables)}")
    chosen = [tables[number]] if number else list(tables.values())
    if as_json:
        click.echo(json.dumps([to_json(table) for table in chosen], indent=1))
        return
    for table in chosen:
        console().print(render(table), "")
    console().print(summary(chosen))
