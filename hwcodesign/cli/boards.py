"""`hwcodesign boards`: the boards there are, and what each has."""

import json

import click


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
def command(name: str | None, as_json: bool) -> None:
    """List all boards, or show everything of one.

    \b
    Examples:
      hwcodesign boards
      hwcodesign boards ulx3s-85f
      hwcodesign boards --json
    """
    from hwcodesign.core.terminal import console
    from hwcodesign.fpga.board import board_names, load_board
    from hwcodesign.fpga.board_table import board_table, boards_table

    boards = [load_board(name)] if name else [load_board(one) for one in board_names()]
    if as_json:
        click.echo(json.dumps([board.model_dump(mode="json") for board in boards], indent=1))
    else:
        console().print(board_table(boards[0]) if name else boards_table(boards))
