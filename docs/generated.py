"""Pages that are made from the code while the site is built: commands, recipe keys, networks, boards, models, files.

A hook of MkDocs (mkdocs.yml). `python docs/generated.py PAGE` prints one.
"""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields
from typing import Any, cast

import click
from mkdocs.structure.files import File, Files
from pydantic import BaseModel

from hwcodesign.cli import cli
from hwcodesign.core.assets import asset_folder
from hwcodesign.core.tasks import task_in, told
from hwcodesign.flow.schemas import schemas
from hwcodesign.fpga.board import board_names, load_board
from hwcodesign.nets import families, standards
from hwcodesign.recipe import Recipe


def commands() -> Iterator[str]:
    """Every command with its options, as its --help has them."""
    yield "# Commands\n"
    context = click.Context(cli, info_name="hwcodesign")
    yield from _command(context, 2)


def _command(context: click.Context, level: int) -> Iterator[str]:
    command = context.command
    if level > 2:
        yield f"{'#' * (level - 1)} {context.command_path}\n"
        yield f"```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _command(click.Context(inner, info_name=name, parent=context), level + 1)


def recipe() -> Iterator[str]:
    """Every key of a recipe with its type, default and meaning."""
    yield "# Recipe\n\nOne TOML file. Unknown keys are errors; what is left out has its default.\n"
    for table, field in Recipe.model_fields.items():
        model = field.annotation
        if table == "network":
            yield "## [network]\n\n`family` names a [network family](networks.md); the other keys are its own.\n"
        elif isinstance(model, type) and issubclass(model, BaseModel):
            yield f"## [{table}]\n\n{' '.join((model.__doc__ or '').split())}\n"
            yield "| key | default | meaning |\n|---|---|---|"
            for key, one in model.model_fields.items():
                default = (
                    "must be given" if one.is_required() else f"`{_toml(one.get_default(call_default_factory=True))}`"
                )
                yield f"| `{key}` | {default} | {one.description or ''} |"
            yield ""


def _toml(value: Any) -> str:
    if value is None:
        return "left out"
    return json.dumps(value) if isinstance(value, bool | int | float | str | list | tuple | dict) else str(value)


def networks() -> Iterator[str]:
    """Every network family with its metaparameters."""
    yield "# Network families\n"
    for name, cls in families().items():
        standard = standards()[name]
        yield f"## {name}\n\n{' '.join((cls.__doc__ or '').split())}\n"
        image = "x".join(map(str, standard.image))
        yield f"Its own paper's network: {standard.title}, {image}, {standard.classes:,} classes.\n"
        yield "| metaparameter | default |\n|---|---|"
        for field in fields(cast(Any, cls)):
            yield f"| `{field.name}` | `{'must be given' if field.default is MISSING else field.default!r}` |"
        yield ""


def boards() -> Iterator[str]:
    """Every board, and what was tried of it."""
    yield "# Boards\n\nNo board of these has been on our desks: designs are simulated from the pins on and, where open "
    yield "tools exist, placed and routed. *Tried on hardware: no* holds for all. Of *openxc7* even the tools were "
    yield "never run here: that their calls are right was tried with programs in their place.\n"
    yield "| name | board | LUT | DSP | block RAM | clock, MHz | link | bitstream by | hardware |\n" + "|---" * 9 + "|"
    for board in map(load_board, board_names()):
        has, link = board.resources, board.link
        talks = "" if link is None else f"UART, {link.baud:,} baud" if link.baud else link.type
        memory = f"{has.block_ram:,} {board.device.block_name}"
        tools = ", ".join(board.toolchain)
        yield (
            f"| `{board.name}` | {board.title} | {has.lut:,} | {has.dsp:,} | {memory} | {board.clock_mhz:g} | {talks} "
            f"| {tools} | no |"
        )


def models() -> Iterator[str]:
    """Every recipe that ships: what the check says of it, and its accuracy where it comes trained."""
    from hwcodesign.check.check import check_recipe
    from hwcodesign.recipe import load_recipe

    yield "# Models\n\nRecipes that ship. Accuracy is that of the exported integers on all test images, of one seed. "
    yield "LUTs and rates are the plan's (LUTs estimated), block RAM is counted, the link with the host included. "
    yield "*Tried on hardware: no* holds for all.\n"
    columns = ("recipe", "network", "bits (weights, activations)", "board", "LUT", "block RAM", "frames/s",
               "over the link", "fits", "test accuracy", "with")  # fmt: skip
    yield f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|"
    for path in sorted(asset_folder("models").glob("*.toml")):
        one = load_recipe(str(path))
        reference = path.with_suffix("") / "reference.json"
        measured, seed = "not shipped trained", ""
        if reference.exists():
            found = json.loads(reference.read_text())
            measured = f"{told(task_in(found), found)} of {found['images']:,}"
            seed = f"seed {found['seed']}"
        bits = f"{one.quantization.weight_bits}, {one.quantization.activation_bits}"
        checked = check_recipe(one)
        memory = f"{checked.total.block_ram:,} {checked.board.device.block_name}"
        rates = f"{checked.rates.core:,.0f} | {checked.rates.user:,.0f}"
        yield (
            f"| `{one.name}` | {one.network['family']} | {bits} | `{one.hardware.board}` | {checked.total.lut:,} "
            f"| {memory} | {rates} | {'yes' if checked.fits else 'no'} | {measured} | {seed} |"
        )


def files() -> Iterator[str]:
    """Every file with a schema, with its keys."""
    yield "# Files\n\nThe JSON files of a run that others may read. Each says its format and version; a reader of "
    yield "another version refuses it with a message that says what makes it anew. The schemas are linked here, and "
    yield "`python -m hwcodesign.flow.schemas FOLDER` writes them.\n"
    for name, schema in schemas().items():
        yield f"## {name}.json\n\n[Schema]({SCHEMAS}/{name}.schema.json). {' '.join(schema['description'].split())}\n"
        yield "| key | type | |\n|---|---|---|"
        for key, value in schema["properties"].items():
            known = json.dumps(value.get("const", value.get("type", value.get("enum", "object"))))
            yield f"| `{key}` | `{known}` | {'' if key in schema['required'] else 'may be left out'} |"
        yield ""


SCHEMAS = "schemas"  # their folder, beside the page
PAGES: dict[str, Callable[[], Iterator[str]]] = {
    "reference/commands.md": commands,
    "reference/recipe.md": recipe,
    "reference/networks.md": networks,
    "reference/boards.md": boards,
    "reference/models.md": models,
    "reference/files.md": files,
}


def on_files(files: Files, config: Any) -> Files:
    """Add the pages to the site's files."""
    for name, page in PAGES.items():
        files.append(File.generated(config, name, content="\n".join(page()) + "\n"))
    for name, schema in schemas().items():
        path = f"reference/{SCHEMAS}/{name}.schema.json"
        files.append(File.generated(config, path, content=json.dumps(schema, indent=1) + "\n"))
    return files


if __name__ == "__main__":
    print("\n".join(PAGES[sys.argv[1]]()))
