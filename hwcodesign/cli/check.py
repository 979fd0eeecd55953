"""`hwcodesign check`: the memory budget, in seconds and before any training."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from hwcodesign.cli.options import Positive, planning_options, recipe_changes, recipe_options


@click.command()
@click.argument("recipe")
@click.option("--board", help="Another board than the recipe's.")
@click.option("--clock-mhz", type=Positive(), help="Another clock than the recipe's.")
@recipe_options
@planning_options
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the report to this file too.")
def command(recipe: str, json_file: Path | None, **given: Any) -> None:
    """Does the recipe's network fit the board? Per layer and in total, without training anything.

    Below stand ZynqNet's four rules for FPGA-friendly networks: what breaks one, the gain of mending it, its price.

    Exit code 0 if it fits, 3 if it does not. For a model of your own: hwcodesign run --model FILE --board NAME --to
    check.

    \b
    Examples:
      hwcodesign check squeezenet-v1.0
      hwcodesign check squeezenet-v1.0 --board pynq-z1
      hwcodesign check digits-squeezenet --set network.SR=0.25 --set quantization.weight_bits=3
      hwcodesign check digits-squeezenet --frame-rate 10000 --json budget.json
      hwcodesign check squeezenet-v1.0 --frame-rate max
    """
    from hwcodesign.analyze.lint import RULES, lint
    from hwcodesign.analyze.tables import lint_table
    from hwcodesign.check.check import check_recipe
    from hwcodesign.check.table import tables
    from hwcodesign.core.errors import DoesNotFitError
    from hwcodesign.core.terminal import console
    from hwcodesign.recipe import load_recipe

    loaded = load_recipe(recipe, recipe_changes(given))
    wanted = {key: value for key, value in given.items() if value is not None}
    loaded = loaded.model_copy(update={"hardware": loaded.hardware.with_wishes(wanted)})
    report = check_recipe(loaded)
    quantization, loads = loaded.quantization.to_quantization(), loaded.hardware.load_weights
    findings = lint(loaded.describe(), quantization, report.board, loads)
    console().print(tables(report), lint_table(findings, RULES))
    sys.stdout.flush()  # the answer; what would fit takes a moment more
    if json_file:
        document = report.document() | {"lint": [vars(finding) for finding in findings]}
        json_file.write_text(json.dumps(document, indent=1) + "\n")
    if not report.fits:
        raise DoesNotFitError(report.verdict())
    click.echo(report.verdict())
