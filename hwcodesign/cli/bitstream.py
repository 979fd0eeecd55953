"""`hwcodesign bitstream`: everything up to a file that configures the board."""

from typing import Any

import click

from hwcodesign.cli.options import OF_A_RUN, PLACEMENT, job_options, make_job


@click.command()
@job_options(*OF_A_RUN, *PLACEMENT)
def command(**options: Any) -> None:
    """Make the bitstream for the board: every stage that is not current, then synthesis, place and route, packing.

    With open tools; for AMD's boards it writes a Vivado project, and builds it where Vivado is on the PATH. --backend
    finn hands the network to FINN's own build instead. The bitstream, utilisation.json, the tools' logs and what a host
    needs lie in runs/NAME/bitstream. Finished phases are not run again; another --seed starts at place and route. Exit
    code: 2 bad input or a tool failed, 3 does not fit the board, 4 the clock was missed (the bitstream is there all the
    same).

    \b
    Examples:
      hwcodesign bitstream digits-squeezenet
      hwcodesign bitstream digits-squeezenet --clock-mhz 80 --seed 2
      hwcodesign bitstream digits-icebreaker
      hwcodesign bitstream digits-squeezenet --board pynq-z1
      hwcodesign bitstream digits-squeezenet --board zcu104 --backend finn
    """
    from hwcodesign.core.terminal import console
    from hwcodesign.flow.pipeline import run_job

    run_job(make_job(**options), console(), last="bitstream")
