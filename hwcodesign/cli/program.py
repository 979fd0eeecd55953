"""`hwcodesign program`: a bitstream onto its board."""

from pathlib import Path

import click


@click.command()
@click.argument("run", required=False)
@click.option("--bit", type=click.Path(path_type=Path), help="A bitstream file instead of a run's.")
@click.option("--board", help="The board that --bit FILE is for, if it lies alone.")
@click.option("--flash", is_flag=True, help="Write it to the chip that the board starts from, to stay.")
@click.option("--runs", default=Path("runs"), type=click.Path(path_type=Path), show_default=True)
def command(run: str | None, bit: Path | None, board: str | None, flash: bool, runs: Path) -> None:
    """Program the board with the bitstream of a run, through openFPGALoader.

    Where that is not installed, its exact command is printed and the exit code is 2.

    \b
    Examples:
      hwcodesign program digits-squeezenet
      hwcodesign program digits-icebreaker --flash
      hwcodesign program --bit design.bit --board ulx3s-85f
    """
    from hwcodesign.bitstream.program import Bitstream, program
    from hwcodesign.core.errors import UserError

    if (run is None) == (bit is None):
        raise UserError("give a run (hwcodesign program digits-squeezenet) or --bit FILE, one of the two")
    bitstream = Bitstream.of_file(bit, board) if bit else Bitstream.of_run(runs / str(run))
    program(bitstream, flash, bitstream.file.with_name(f"{bitstream.file.name}.log"))
    click.echo(f"{bitstream.board.title}: programmed with {bitstream.file}")
