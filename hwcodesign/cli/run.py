"""`hwcodesign run`: all stages, or some of them."""

from typing import Any

import click

from hwcodesign.cli.options import OF_A_RUN, PLACEMENT, job_options, make_job


@click.command()
@job_options(*OF_A_RUN, *PLACEMENT)
@click.option("--from", "first", metavar="STAGE", help="Run this stage and those after it again.")
@click.option("--to", "last", metavar="STAGE", help="Stop after this stage.")
def command(first: str | None, last: str | None, **options: Any) -> None:
    """Run all stages: train, export, lower, plan, check, emit, simulate.

    What is up to date is not run again; after Ctrl-C the same command goes on. Results lie in runs/NAME/, the whole in
    runs/NAME/report.json and, as a page to show, report.html. Exit code: 2 bad input, 3 does not fit the board, 4 a
    verification failed.

    \b
    Examples:
      hwcodesign run digits-squeezenet
      hwcodesign run digits-squeezenet --board pynq-z1 --from plan
      hwcodesign run --model their.onnx --board ulx3s-85f --input-scale 1/255
      hwcodesign run squeezenet-v1.1 --untrained --frames 1
      hwcodesign run my-recipe.toml --data ~/images --to check
    """
    from hwcodesign.core.terminal import console
    from hwcodesign.flow.pipeline import run_job
    from hwcodesign.report.page import write_page

    job = make_job(**options)
    run_job(job, console(), first, last)
    click.echo(f"the run as a page: {write_page(job.run)}")
