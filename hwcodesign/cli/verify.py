"""`hwcodesign verify`: the same images through every form of a run's network, from training to RTL."""

import json
from pathlib import Path

import click


@click.command()
@click.argument("run", metavar="RUN")
@click.option("--images", "count", type=click.IntRange(1), help="Only so many, a stratified sample; all if not given.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--runs", default=Path("runs"), type=click.Path(path_type=Path), show_default=True)
def command(run: str, count: int | None, as_json: bool, runs: Path) -> None:
    """The ladder of RUN, a name in --runs or a folder: its network in every form, on the same images.

    Trained, as exported, as FINN lowered it, in integers and in RTL: for each the images, the accuracy, how many images
    differ from the exact reference, and where first. What has not been made is named with the command that makes it.
    What has been computed is kept in RUN/verify/, the whole in RUN/verify/ladder.json.

    Exit code 4 if the integer graph or the RTL differs from the reference in any score.

    \b
    Examples:
      hwcodesign verify digits-squeezenet
      hwcodesign verify digits-squeezenet --images 100 --json
    """
    from hwcodesign.core.run_folder import existing_run
    from hwcodesign.core.terminal import console
    from hwcodesign.flow.report import write_report
    from hwcodesign.verify.ladder import FOLDER, climb, require_equal
    from hwcodesign.verify.ladder_table import table

    found = existing_run(run, runs)
    with found.opened(say=lambda line: click.echo(line, err=True)):
        rungs = climb(found, count)
        write_report(found)
    written = found.path / FOLDER / "ladder.json"
    if as_json:
        click.echo(written.read_text(), nl=False)
    else:
        console().print(table(rungs, json.loads(written.read_text())["origin"], str(written)))
    require_equal(rungs)
