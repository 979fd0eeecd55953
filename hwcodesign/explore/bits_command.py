"""What `hwcodesign explore bits` does: a trained network, images, a budget; then a table and a recipe."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import RunFolder, write_whole
from hwcodesign.core.terminal import console
from hwcodesign.data import load_dataset
from hwcodesign.dataflow import Dataflow
from hwcodesign.explore.bits import Assignment, assign
from hwcodesign.explore.sensitivity import Losses, losses, together
from hwcodesign.recipe import Recipe, load_recipe, require_room, shipped_with

if TYPE_CHECKING:
    from rich.table import Table

FEWEST_IMAGES = 8


@dataclass(frozen=True)
class Request:
    """`recipe` by name or path; `hardware` in place of the recipe's; where its run and its images are; how many."""

    recipe: str
    hardware: Mapping[str, Any]
    runs: Path
    data: Path | None
    images: int
    least: int


def bits_per_layer(request: Request, target: Path | None, json_file: Path | None) -> None:
    """Print the bits of every layer, and write the recipe that has them."""
    asked = load_recipe(request.recipe)
    asked.require_task("classify", "hwcodesign explore bits")
    recipe = asked.model_copy(update={"hardware": asked.hardware.with_wishes(request.hardware)})
    recipe.hardware.load_board()
    path = target or Path(f"{recipe.name}-bits.toml")
    require_room(path)
    graph = trained_graph(request.recipe, recipe, request.runs)
    require_same_network(recipe, graph)
    frames = _images(recipe, request)
    with _bar() as on_layer:
        found = losses(graph, frames, request.least, on_layer)
    if not found:
        raise UserError(f"{recipe.name} has no layer whose bits could be fewer")
    given = assign(recipe, found)
    loss, same = together(graph, frames, given.bits)
    document = _document(given, found, len(frames), loss, same)
    console().print(_table(recipe, given, found), *_sentences(given, document), sep="\n", markup=False)
    _write(given, path)
    console().print(f"{path}: hwcodesign run {quote(str(path))}", markup=False)
    if json_file:
        write_whole(json_file, json.dumps(document, indent=1) + "\n")


def trained_graph(name_or_path: str, recipe: Recipe, runs: Path) -> Dataflow:
    """The integer graph of the recipe's run, or of the trained files that come with it. UserError if there are none."""
    run = RunFolder(runs / recipe.name)
    if run.finished("lower"):
        return Dataflow.load(run.stage("lower"))
    shipped = shipped_with(name_or_path)
    if shipped is None:
        raise UserError(
            f"{recipe.name} is not trained, and what its layers lose cannot be seen: hwcodesign run {name_or_path} "
            f"--to lower first (its results go into {run.path})"
        )
    from hwcodesign.lower import understand

    return understand(shipped / "model.onnx")[1]


def require_same_network(recipe: Recipe, graph: Dataflow) -> None:
    """Raise UserError if `graph` was trained of another network than `recipe` describes now: which layer."""
    network = recipe.describe()
    for conv in network.convolutions:
        layer, wanted = graph.by_name.get(conv.name), network.shapes[conv.name]
        if layer is None or layer.output.shape != wanted:
            found = "there is none" if layer is None else f"it gives {layer.output.shape}"
            raise UserError(
                f"{recipe.name} was trained as another network: in the recipe {conv.name} gives {wanted} (height, "
                f"width, channels), in what was trained {found}; train it again: hwcodesign run"
            )


def _images(recipe: Recipe, request: Request) -> np.ndarray:
    if request.images < FEWEST_IMAGES:
        raise UserError(f"--images {request.images}: at least {FEWEST_IMAGES}, better 64, show what a layer loses")
    images = load_dataset(recipe.data, request.data).train_images
    if len(images) < request.images:
        raise UserError(f"--images {request.images}: there are {len(images)} training images; ask for fewer")
    return images[np.arange(request.images) * len(images) // request.images]


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """A bar over what `losses` tells."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (TextColumn("what each layer loses"), BarColumn(), TimeElapsedColumn(), TextColumn("left"))
    with Progress(*columns, TimeRemainingColumn(), transient=True) as bar:
        task = bar.add_task("")
        yield lambda done, wanted: bar.update(task, completed=done, total=wanted)


def _document(given: Assignment, found: Losses, images: int, loss: float, same: float) -> dict[str, Any]:
    board = given.recipe.hardware.load_board()
    return {
        "recipe": given.recipe.name,
        "board": board.name,
        "budget": dict(given.recipe.hardware.at_most),
        "images": images,
        "bits": dict(given.bits),
        "loss_by_layer_and_bits": {name: dict(by_bits) for name, by_bits in found.items()},
        "loss_summed": given.loss,
        "loss_bound": given.bound,
        "loss_together": loss,
        "same_class": same,
        "used": vars(given.planned.total),
        "frame_rate": given.planned.planned_frame_rate,
    }


def _table(recipe: Recipe, given: Assignment, found: Losses) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    network = recipe.describe()
    before, weights = network.weight_bits(recipe.quantization.to_quantization()), {}
    for conv in network.convolutions:
        weights[conv.name] = network.weights(conv)
    levels = sorted({bits for by_bits in found.values() for bits in by_bits})
    made = Table(box=SIMPLE_HEAD, title="bits of the weights", title_justify="left")
    made.add_column("layer")
    for heading in ("weights", "bits before", "bits", *(f"loss at {bits}" for bits in levels)):
        made.add_column(heading, justify="right")
    for name in (conv.name for conv in network.convolutions):
        chosen = given.bits.get(name, before[name])
        by_bits = found.get(name, {})
        cells = (f"{1000 * by_bits[bits]:.2f}" if bits in by_bits else "" for bits in levels)
        made.add_row(name, f"{weights[name]:,}", str(before[name]), str(chosen), *cells)
    return made


def _sentences(given: Assignment, document: dict[str, Any]) -> list[str]:
    board, total = given.recipe.hardware.load_board(), given.planned.total
    used = ", ".join(f"{getattr(total, key)} of {board.usable[key]} {board.unit(key)}" for key in ("block_ram", "lut"))
    return [
        f"loss: thousandths of a nat an image, from what the network says now of {document['images']} images",
        f"together {1000 * document['loss_together']:.2f} (the layers' own add up to {1000 * given.loss:.2f}; no bits "
        f"within the budget add up to less than {1000 * given.bound:.2f}, FIFOs aside); before any training the class "
        f"stays for {document['same_class']:.1%} of them",
        f"{board.name}: {used}, {given.planned.planned_frame_rate:,.1f} frames per second",
    ]


def _write(given: Assignment, path: Path) -> None:
    """The recipe, which `given.recipe` is, as a file: what it says and its defaults do not."""
    import tomlkit

    document = tomlkit.document()
    document.add(tomlkit.comment(f"Bits for each layer of {given.recipe.name}, found by hwcodesign explore bits."))
    tables = given.recipe.model_dump(mode="json", exclude_defaults=True, exclude_none=True, exclude={"name"})
    document.update(tables)
    write_whole(path, tomlkit.dumps(document))
    load_recipe(str(path))
