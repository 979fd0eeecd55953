"""`hwcodesign emulate`: a board without a board."""

import signal
from contextlib import suppress
from pathlib import Path

import click


@click.command()
@click.argument("run")
@click.option("--runs", default=Path("runs"), type=click.Path(path_type=Path), show_default=True)
def command(run: str, runs: Path) -> None:
    """Simulate the board with the emitted design of RUN, its UART included, until Ctrl-C.

    It is found at the port RUNS/RUN/emulate/simulation/port, for hwcodesign classify, hwcodesign selftest, or a program
    of yours.

    \b
    Examples:
      hwcodesign emulate digits-squeezenet
      hwcodesign selftest --port runs/digits-squeezenet/emulate/simulation/port      (in another terminal)
    """
    from hwcodesign.bitstream import emulated_board
    from hwcodesign.core.run_folder import existing_run

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends the board, its port goes, too
    found = existing_run(run, runs)
    with found.opened(say=click.echo):
        emulation = emulated_board.prepare(found)
    with suppress(KeyboardInterrupt), emulated_board.running(emulation) as board:
        click.echo(f"the board is at {board.port}; Ctrl-C ends it")
        board.wait()
