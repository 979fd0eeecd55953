"""`hwcodesign check`: the memory budget, in seconds and before any training."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from hwcodesign.cli.options import (
    Positive,
    model_input,
    model_input_options,
    planning_options,
    recipe_changes,
    recipe_options,
)


@click.command()
@click.argument("recipe", metavar="RECIPE|FILE.onnx")
@click.option("--board", help="Another board than the recipe's; a file needs one.")
@click.option("--clock-mhz", type=Positive(), help="Another clock than the recipe's.")
@recipe_options
@model_input_options
@planning_options
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the report to this file too.")
def command(recipe: str, json_file: Path | None, **given: Any) -> None:
    """Does the network fit the board? Per layer and in total: a recipe's without training anything, a file's lowered.

    Below a recipe's stand ZynqNet's four rules for FPGA-friendly networks: what breaks one, the gain of mending it,
    its price.

    Exit code 0 if it fits, 3 if it does not.

    \b
    Examples:
      hwcodesign check squeezenet-v1.0
      hwcodesign check squeezenet-v1.0 --board pynq-z1
      hwcodesign check digits-squeezenet --set network.SR=0.25 --set quantization.weight_bits=3
      hwcodesign check digits-squeezenet --frame-rate 10000 --json budget.json
      hwcodesign check squeezenet-v1.0 --frame-rate max
      hwcodesign check theirs.onnx --board ulx3s-85f
    """
    given_input = model_input(given)
    if recipe.endswith(".onnx"):
        report, rest, document = _of_file(Path(recipe), given_input, given)
    else:
        report, rest, document = _of_recipe(recipe, given)
    _answer(report, rest, document, json_file)


Parts = tuple[Any, list[Any], dict[str, Any]]  # the report, further tables, and what goes into the JSON beside it


def _of_recipe(recipe: str, given: dict[str, Any]) -> Parts:
    from hwcodesign.analyze.lint import RULES, lint
    from hwcodesign.analyze.tables import lint_table
    from hwcodesign.check.check import check_recipe
    from hwcodesign.recipe import load_recipe

    loaded = load_recipe(recipe, recipe_changes(given))
    wanted = {key: value for key, value in given.items() if value is not None}
    loaded = loaded.model_copy(update={"hardware": loaded.hardware.with_wishes(wanted)})
    report = check_recipe(loaded)
    quantization, loads = loaded.quantization.to_quantization(), loaded.hardware.load_weights
    findings = lint(loaded.describe(), quantization, report.board, loads)
    return report, [lint_table(findings, RULES)], {"lint": [vars(finding) for finding in findings]}


def _of_file(file: Path, given_input: tuple[Any, float | None], given: dict[str, Any]) -> Parts:
    import tempfile

    from hwcodesign.check.check import check_graph
    from hwcodesign.core.errors import UserError
    from hwcodesign.core.input_file import require_file
    from hwcodesign.core.strict_toml import validated
    from hwcodesign.lower import lower
    from hwcodesign.recipe import HardwareTable

    if changes := recipe_changes(given):
        raise UserError(f"{file} is no recipe: {', '.join(changes)} cannot be set")
    wanted = {key: value for key, value in given.items() if value is not None}
    if "board" not in wanted:
        raise UserError(f"{file} names no board: say which with --board NAME (such as ulx3s-85f)")
    hardware = validated(HardwareTable, wanted, "the options")
    hardware.load_board()  # a board that is not there is said before the file is lowered
    require_file(file)
    with tempfile.TemporaryDirectory() as folder:
        graph = lower(file, Path(folder), *given_input).dataflow
    return check_graph(graph, hardware), [], {}


def _answer(report: Any, rest: list[Any], document: dict[str, Any], json_file: Path | None) -> None:
    from hwcodesign.check.table import tables
    from hwcodesign.core.errors import DoesNotFitError
    from hwcodesign.core.terminal import console

    console().print(tables(report), *rest)
    sys.stdout.flush()  # the answer; what would fit takes a moment more
    if json_file:
        json_file.write_text(json.dumps(report.document() | document, indent=1) + "\n")
    if not report.fits:
        raise DoesNotFitError(report.verdict())
    click.echo(report.verdict())
