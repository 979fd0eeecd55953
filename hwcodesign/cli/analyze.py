"""`hwcodesign analyze`: what a network costs, what a change to it costs, and whether it is FPGA-friendly."""

import json
from pathlib import Path
from typing import Any

import click

from hwcodesign.cli.options import Positive
from hwcodesign.core.terminal import console


@click.command()
@click.argument("network", metavar="NETWORK|RECIPE|FILE.onnx")
@click.option("--what-if", "changes", help='Changes to compare with, such as "conv8.filters*=4; remove=pool3".')
@click.option("--batch", type=click.IntRange(1), default=1024, show_default=True, help="Images of a training batch.")
@click.option("--board", help="The board for the rule about on-chip memory; a recipe names its own.")
@click.option("--weight-bits", type=click.IntRange(1, 32), help="Precision of parameters, if not the recipe's or 32.")
@click.option("--activation-bits", type=click.IntRange(1, 32), help="Precision of activations, likewise.")
@click.option("--shape", help="Shape of an ONNX file's input where it is dynamic, batch first: 1x3x224x224.")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw the layers' costs into this file (.png, .svg).")
@click.option("--training", is_flag=True, help="Price data-parallel training on several workers instead.")
@click.option("--workers", default="1..128", show_default=True, help="With --training: 1,2,4, or a range that doubles.")
@click.option("--bandwidth", default="10Gbit/s", show_default=True, help="Of one worker's link: 1.25GB/s, 10Gbit/s.")
@click.option(
    "--images-per-second",
    "rate",
    type=Positive(),
    help="One worker's, forward and backward; measured on this machine if not given.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@click.option("--runs", default=Path("runs"), type=click.Path(path_type=Path), show_default=True)
def command(
    network: str, shape: str | None, training: bool, workers: str, bandwidth: str, rate: float | None, **options: Any
) -> None:
    """Parameters, activations and operations of every layer, from shapes alone: no training, no weights.

    Operations are two for each multiply-accumulate and one for each element of a pool's windows.

    \b
    Examples:
      hwcodesign analyze NiN
      hwcodesign analyze squeezenet --what-if "bypass=complex"
      hwcodesign analyze NiN --what-if "conv7.kernel=6,pad=2; classes=4000"
      hwcodesign analyze digits-squeezenet --board icebreaker --plot costs.svg
      hwcodesign analyze theirs.onnx --shape 1x3x224x224 --json
      hwcodesign analyze NiN --training --workers 1..128 --bandwidth 3GB/s --images-per-second 120
    """
    if training:
        _training(network, workers, bandwidth, rate, options["batch"], options["as_json"])
        return
    if network.endswith(".onnx"):
        _analyze_file(Path(network), shape, **options)
    else:
        _analyze_network(network, shape, **options)


def _training(name: str, workers: str, bandwidth: str, rate: float | None, batch: int, as_json: bool) -> None:
    """Communication against computation, and the speed-ups that FireCaffe measured."""
    from hwcodesign.analyze.costs import costs
    from hwcodesign.analyze.firecaffe import FITTED, compare
    from hwcodesign.analyze.scaling import parse_bandwidth, parse_workers, scaling
    from hwcodesign.analyze.subject import find_subject
    from hwcodesign.analyze.tables import firecaffe_table, scaling_json, scaling_table

    subject, counts, bytes_per_second = find_subject(name), parse_workers(workers), parse_bandwidth(bandwidth)
    described = subject.network()
    if rate is None:
        from hwcodesign.training.throughput import training_images_per_second

        rate = training_images_per_second(described)
    result = scaling(subject.title, costs(described).parameters, batch, counts, rate, bytes_per_second)
    published = compare({network: costs(find_subject(network).network()).parameters for network in FITTED})
    if as_json:
        click.echo(json.dumps(scaling_json(result) | {"firecaffe": published}, indent=1))
        return
    console().print(scaling_table(result), "", firecaffe_table(published))


def _analyze_file(path: Path, shape: str | None, **options: Any) -> None:
    from hwcodesign.core.errors import UserError

    try:
        from hwcodesign.analyze.onnx_costs import onnx_costs
        from hwcodesign.analyze.onnx_graph import read_graph
    except ImportError as error:
        raise UserError(f"reading {path} needs {error.name}: pip install 'hwcodesign[analyze]'") from None
    for option in ("changes", "board", "weight_bits", "activation_bits"):
        if options.pop(option) is not None:
            flag = "--what-if" if option == "changes" else f"--{option.replace('_', '-')}"
            raise UserError(f"{flag} needs a network's description, not a file: give a network's name or a recipe")
    result = onnx_costs(read_graph(path, _shape(shape)))
    _show(result.costs, recipe=None, rest=[], document={"uncounted": list(result.uncounted)}, **options)
    if result.uncounted:
        click.echo(f"not counted, because no rule says how: {', '.join(result.uncounted)}", err=True)


def _analyze_network(
    name: str, shape: str | None, changes: str | None, board: str | None, weight_bits: int | None,
    activation_bits: int | None, **options: Any,
) -> None:  # fmt: skip
    from hwcodesign.analyze.costs import costs
    from hwcodesign.analyze.lint import RULES, lint
    from hwcodesign.analyze.subject import find_subject
    from hwcodesign.analyze.tables import lint_table
    from hwcodesign.core.errors import UserError
    from hwcodesign.fpga.board import load_board
    from hwcodesign.nets.network import Quantization

    if shape:
        raise UserError(f'--shape is for ONNX files; the image of {name} is changed with --what-if "input.size=..."')
    subject = find_subject(name).at_precision(weight_bits, activation_bits)
    if changes:
        _compare(subject, changes, **options)
        return
    described = subject.network()
    target = board or subject.board
    findings = lint(described, subject.quantization or Quantization(), load_board(target) if target else None)
    table = lint_table(findings, RULES if target else set(RULES) - {1})
    document = {"lint": [vars(finding) for finding in findings]}
    _show(costs(described, subject.quantization, subject.title), subject.recipe, [table], document, **options)


def _compare(subject: Any, changes: str, plot: Path | None, as_json: bool, **_: Any) -> None:
    from hwcodesign.analyze.plot import save_plot
    from hwcodesign.analyze.tables import verdict, what_if_json, what_if_table
    from hwcodesign.analyze.what_if import what_if

    result = what_if(subject, changes)
    if plot:
        save_plot(result.after, plot)
    if as_json:
        click.echo(json.dumps(what_if_json(result), indent=1))
        return
    console().print(what_if_table(result))
    click.echo(verdict(result))


def _show(
    total: Any, recipe: str | None, rest: list[Any], document: dict[str, Any], batch: int, plot: Path | None,
    as_json: bool, runs: Path,
) -> None:  # fmt: skip
    from hwcodesign.analyze.metrics import metrics
    from hwcodesign.analyze.plot import save_plot
    from hwcodesign.analyze.tables import costs_json, costs_table, metrics_table

    figures = metrics(total, batch, recipe, runs)
    if plot:
        save_plot(total, plot)
    if as_json:
        document = costs_json(total) | {"metrics": [vars(figure) for figure in figures]} | document
        click.echo(json.dumps(document, indent=1))
        return
    terminal = console()
    for table in (costs_table(total), metrics_table(figures), *rest):
        terminal.print(table, "")


def _shape(text: str | None) -> list[int] | None:
    from hwcodesign.core.errors import UserError

    if text is None:
        return None
    sides = text.lower().split("x")
    if not all(side.isdigit() and int(side) > 0 for side in sides):
        raise UserError(f"--shape {text}: must be numbers with x between them, batch first, such as 1x3x224x224")
    return [int(side) for side in sides]
