"""`hwcodesign pictures`: what a run looks like."""

from pathlib import Path

import click


@click.command()
@click.argument("run", metavar="RUN")
@click.option("--runs", default=Path("runs"), type=click.Path(path_type=Path), show_default=True)
def command(run: str, runs: Path) -> None:
    """Draw RUN, a name in --runs or a folder, into RUN/pictures/.

    Loss, accuracy and learning rate; the confusion matrix; the misclassified images, surest first; of other tasks
    anomaly scores, or boxes in the first pictures; histograms of weights and activations with their quantization
    levels.

    Example: hwcodesign pictures digits-squeezenet
    """
    from hwcodesign.core.run_folder import existing_run
    from hwcodesign.flow.report import write_report
    from hwcodesign.pictures import draw_pictures

    found = existing_run(run, runs)
    with found.opened(say=click.echo):
        drawn = draw_pictures(found)
        write_report(found)
    for file in drawn["files"]:
        click.echo(found.path / file)
    for name, why in drawn["missing"].items():
        click.echo(f"{name}: {why}", err=True)
