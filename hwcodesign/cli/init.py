"""`hwcodesign init`: a first recipe for your own pictures and board."""

import shlex
import sys
from pathlib import Path

import click

from hwcodesign.cli.options import Positive
from hwcodesign.core.errors import UserError

DIGITS = "digits"


@click.command()
@click.argument("name", required=False)
@click.option("--data", help=f"Folder with your pictures, IDX files or CIFAR-10; {DIGITS}: those that need no folder.")
@click.option("--board", help="One of hwcodesign boards, or a board's TOML file.")
@click.option("--frame-rate", type=Positive(), help="Frames per second that the hardware shall do.")
def command(name: str | None, data: str | None, board: str | None, frame_rate: float | None) -> None:
    """Write NAME.toml here: a recipe that fits the board at that rate, with a network sized to the pictures.

    What is not given is asked for, on a terminal. A file that is there stays as it is.

    \b
    Examples:
      hwcodesign init
      hwcodesign init pets --data photos --board ulx3s-85f --frame-rate 30
    """
    from hwcodesign.core.names import RULE, is_legal, made_legal
    from hwcodesign.start.first_recipe import first_recipe, images_in

    data = data or _asked(f"Folder with your pictures, one folder per class ({DIGITS}: handwritten digits)", "--data")
    folder = None if data == DIGITS and not Path(data).is_dir() else Path(data).expanduser()
    images = images_in(folder)
    for line in images.lines:
        click.echo(line)
    board = board or _asked("Board (see hwcodesign boards)", "--board", "ulx3s-85f")
    rate = frame_rate or Positive().convert(_asked("Frames per second", "--frame-rate", "30"), None, None)
    name = (name or made_legal(folder.resolve().name if folder else DIGITS)).removesuffix(".toml")
    if not is_legal(name):
        raise UserError(f"a recipe cannot be called {name!r}: {RULE}")
    path = Path(f"{name}.toml")
    if path.exists():
        raise UserError(f"{path} is there already, and stays as it is: hwcodesign init ANOTHER-NAME")
    made = first_recipe(name, images, board, rate)
    with path.open("x", encoding="utf-8") as file:
        file.write(made.text)
    click.echo(f"{path}: {made.report.verdict()}")
    click.echo(f"next: hwcodesign run {path}" + (f" --data {shlex.quote(data)}" if folder else ""))


def _asked(question: str, option: str, default: str | None = None) -> str:
    """The answer of a person. Raises UserError where there is none to ask."""
    if not sys.stdin.isatty():
        raise UserError(f"{option} is missing, and there is no terminal to ask on")
    return str(click.prompt(question, default=default))
