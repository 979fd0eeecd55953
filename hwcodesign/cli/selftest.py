"""`hwcodesign selftest`: does the board compute what it must?"""

from pathlib import Path

import click

from hwcodesign.cli.options import board_options, designs_folder


@click.command()
@board_options
def command(port: str, run: str | None, runs: Path) -> None:
    """Run the images that travel with the bitstream through the board, and compare every score.

    Exit code 4 if one differs.

    \b
    Example:
      hwcodesign selftest --port /dev/ttyUSB0
    """
    import time

    from hwcodesign.core.progress import frames_bar
    from hwcodesign.host import Accelerator
    from hwcodesign.host.contract import load_selftest

    with Accelerator(port, designs_folder(run, runs)) as board:
        count = len(load_selftest(board.folder)[0])
        start = time.monotonic()
        with frames_bar("selftest", count) as on_frames:
            board.selftest(on_frames)
        seconds = time.monotonic() - start
    again = f", {board.retries} sent again" if board.retries else ""
    click.echo(f"{board.contract.network} {board.contract.design_hash}: all scores of {count} images are right "
               f"({count / seconds:.1f} images a second{again})")  # fmt: skip
