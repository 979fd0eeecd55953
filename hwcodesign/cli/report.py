"""`hwcodesign report`: a run as one page."""

from pathlib import Path

import click


@click.command()
@click.argument("run", metavar="RUN")
@click.option("--runs", default=Path("runs"), type=click.Path(path_type=Path), show_default=True)
def command(run: str, runs: Path) -> None:
    """Write RUN, a name in --runs or a folder, as one self-contained page: RUN/report.html.

    The verdict first; accuracy and mistakes, resources by layer, rate and what limits it, memories and FIFOs, and how
    each figure was obtained.

    Example: hwcodesign report digits-squeezenet
    """
    from hwcodesign.core.run_folder import existing_run
    from hwcodesign.report.page import write_page

    click.echo(write_page(existing_run(run, runs)))
