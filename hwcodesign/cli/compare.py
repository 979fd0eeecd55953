"""`hwcodesign compare`: runs side by side."""

import json
from pathlib import Path

import click


@click.command()
@click.argument("run", nargs=-1, required=True)
@click.option("--runs", default=Path("runs"), type=click.Path(path_type=Path), show_default=True)
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
@click.option("--page", type=click.Path(path_type=Path), help="Write it as a page, too.")
def command(run: tuple[str, ...], runs: Path, as_json: bool, page: Path | None) -> None:
    """Accuracy, resources, rates and times of several runs, one line a figure. RUN is a name in --runs, or a folder.

    \b
    Examples:
      hwcodesign compare digits-squeezenet zynqnet-nano
      hwcodesign compare digits-squeezenet zynqnet-nano --page compare.html
    """
    from hwcodesign.core.errors import UserError
    from hwcodesign.core.run_folder import existing_run, write_whole
    from hwcodesign.core.terminal import console
    from hwcodesign.report import compare
    from hwcodesign.report.facts import facts_of

    if len(run) < 2:
        raise UserError(f"compare takes two runs or more: hwcodesign compare {run[0]} ANOTHER")
    found = [facts_of(existing_run(name, runs)) for name in run]
    if page:
        write_whole(page, compare.page(found))
    if as_json:
        click.echo(json.dumps(compare.document(found), indent=1))
    else:
        console().print(compare.comparison_table(found))
