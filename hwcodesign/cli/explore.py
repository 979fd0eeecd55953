"""`hwcodesign explore`: searches a design space, shows what it found, and writes a point as a recipe."""

import os
from pathlib import Path
from typing import Any

import click

from hwcodesign.cli.options import Amounts, Positive

OUT = click.option(
    "--out", type=click.Path(path_type=Path), help="Where the results go; explore/NAME of the study if not given."
)
STORAGE = click.option(
    "--storage", metavar="URL", help="A database that workers share: postgresql://..., or grpc://HOST:PORT."
)


class _StudyFirst(click.Group):
    """`explore STUDY.toml` is `explore run STUDY.toml`, options first or last."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0].startswith("-") and args[0] not in ctx.help_option_names:
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["run", *args]
        return super().resolve_command(ctx, args)


@click.group(cls=_StudyFirst)
def command() -> None:
    """Search a design space: accuracy, frame rate, memory and energy together, with proof of fit before any training.

    A study is a TOML file: a base recipe, which of its keys may vary, and what is wanted.

    \b
    Examples:
      hwcodesign explore study.toml --data ~/images       search, or go on with a search
      hwcodesign explore study.toml --storage grpc://host:13000     be one of many workers
      hwcodesign explore show study.toml
      hwcodesign explore pick study.toml 17 --recipe best.toml
      hwcodesign explore bits digits-squeezenet --budget block_ram=6
    """


@command.command("run")
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--data", type=click.Path(path_type=Path), help="Folder with the images (digits needs none).")
@OUT
@STORAGE
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, show_default="cores", help="Processes.")
@click.option("--what-if", multiple=True, metavar="KEY=VALUE,...", help="Of a recipe: plan every combination at once.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="With --what-if: write the points, too.")
@click.option("--worker", type=int, hidden=True, help="The process that this one helps.")
def run(
    study: Path, data: Path | None, out: Path | None, storage: str | None, jobs: int, worker: int | None,
    what_if: tuple[str, ...], json_file: Path | None,
) -> None:  # fmt: skip
    """Search until the study's points are all tried. After Ctrl-C, a kill or a crash the same command goes on.

    \b
    Examples (run may be left out):
      hwcodesign explore study.toml --data ~/images
      hwcodesign explore digits-squeezenet --what-if SR=0.25,0.5 --what-if weight_bits=2,3,4
    """
    from hwcodesign.core.errors import UserError
    from hwcodesign.explore.command import answer, search

    if json_file and not what_if:
        raise UserError("--json goes with --what-if here; of a search: hwcodesign explore show STUDY.toml --json FILE")
    for option, value in {"--data": data, "--out": out, "--storage": storage}.items():
        if what_if and value is not None:
            raise UserError(f"--what-if plans at once and keeps nothing: {option} goes with a search")
    if what_if:
        answer(str(study), what_if, json_file)
    else:
        search(study, data, out, storage, jobs, worker)


@command.command("show")
@click.argument("study", type=click.Path(path_type=Path))
@OUT
@STORAGE
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write all points to this file, too.")
def show(study: Path, out: Path | None, storage: str | None, json_file: Path | None) -> None:
    """The front of what was found so far, as a table and as a page (explore.html).

    Example: hwcodesign explore show study.toml
    """
    from hwcodesign.explore.command import show_results

    show_results(study, out, storage, json_file)


@command.command("pick")
@click.argument("study", type=click.Path(path_type=Path))
@click.argument("number", type=click.IntRange(0), required=False)
@OUT
@STORAGE
@click.option("--recipe", type=click.Path(path_type=Path), help="The file to write; STUDY-NUMBER.toml if not given.")
def pick(study: Path, number: int | None, out: Path | None, storage: str | None, recipe: Path | None) -> None:
    """Write point NUMBER as a recipe that runs: without a number, the front's best by the study's first objective.

    \b
    Examples:
      hwcodesign explore pick study.toml 17
      hwcodesign explore pick study.toml --recipe best.toml && hwcodesign run best.toml
    """
    from hwcodesign.explore.command import pick_point

    pick_point(study, number, out, storage, recipe)


@command.command("bits")
@click.argument("recipe")
@click.option("--board", help="Another board than the recipe's.")
@click.option("--budget", type=Amounts(), help="What the whole design may take, such as block_ram=40,lut=20000.")
@click.option("--frame-rate", type=Positive(), help="Another frame rate than the recipe's.")
@click.option("--clock-mhz", type=Positive(), help="Another clock than the recipe's.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder with the images (digits needs none).")
@click.option("--images", type=click.IntRange(1), default=64, show_default=True, help="How many are looked at.")
@click.option("--least", type=click.IntRange(2, 8), default=2, show_default=True, help="Fewest bits of a layer.")
@click.option("--solver-seconds", type=Positive(), help="Time for the solver; 10 if not given.")
@click.option("--runs", default=Path("runs"), type=click.Path(path_type=Path), show_default=True, help="The runs.")
@click.option("--recipe", "target", type=click.Path(path_type=Path), help="The file to write; NAME-bits.toml if not.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write everything to this file, too.")
def bits(
    recipe: str, budget: Any, runs: Path, data: Path | None, images: int, least: int,
    target: Path | None, json_file: Path | None, **hardware: Any,
) -> None:  # fmt: skip
    """Bits for each layer's weights: the least loss that a budget of the board's resources allows.

    What a layer loses with fewer bits is measured on training images, without training; what it takes, the planner
    says exactly. RECIPE must be trained, or come with trained files. The recipe that is written has the bits to train
    with; its board may take no more than the budget.

    Example: hwcodesign explore bits cifar10-squeezenet --data ~/cifar10 --board pynq-z1 --budget block_ram=40
    """
    from hwcodesign.explore.bits_command import Request, bits_per_layer

    wanted = {key: value for key, value in {"at_most": budget, **hardware}.items() if value is not None}
    bits_per_layer(Request(recipe, wanted, runs, data, images, least), target, json_file)


@command.command("serve")
@click.argument("storage", metavar="URL")
@click.option("--host", default="localhost", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=13000, show_default=True)
def serve(storage: str, host: str, port: int) -> None:
    """Optuna's gRPC proxy in front of a database, for many workers: they say --storage grpc://HOST:PORT.

    Example: hwcodesign explore serve postgresql://user@localhost/studies
    """
    from hwcodesign.explore.command import serve_storage

    serve_storage(storage, host, port)
