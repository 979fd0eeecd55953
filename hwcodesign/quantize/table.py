"""What a person sees of a quantization: a bar over the layers, then a table of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hwcodesign.core.terminal import console

if TYPE_CHECKING:
    from rich.table import Table

    from hwcodesign.nets.network import Network
    from hwcodesign.quantize.distillation import Epoch
    from hwcodesign.quantize.from_weights import Listener
    from hwcodesign.quantize.reconstruction import Rebuilt


@contextmanager
def listener(network: "Network", iterations: int) -> Iterator["Listener"]:
    """A bar over the layers, then over the `iterations` for each block of a reconstruction, a distillation's steps."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    from hwcodesign.quantize.blocks import blocks
    from hwcodesign.quantize.from_weights import Listener

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console(), transient=True) as bar:
        task = bar.add_task("quantize", total=len(network.convolutions))
        steps = bar.add_task("reconstruct", total=iterations * len(blocks(network)), visible=False)
        learning = bar.add_task("distil", visible=False)
        yield Listener(
            on_layer=lambda layer: bar.update(task, advance=1, description=f"quantize: {layer.layer}"),
            on_iteration=lambda done: bar.update(steps, completed=done, visible=True),
            on_block=say_block,
            on_epoch=say_epoch,
            on_step=lambda done, total: bar.update(learning, completed=done, total=total, visible=True),
        )


def say_block(block: "Rebuilt") -> None:
    """One line: how near a block comes to the float one on the images held apart."""
    errors = f"{100 * block.before:.2f} % before, {100 * block.after:.2f} % after"
    console().print(f"reconstruction of {block.block}: squared error, by its energy, {errors}")


def say_epoch(epoch: "Epoch") -> None:
    """One line: how near the network is to the float one on the images held apart."""
    what = f"distillation, epoch {epoch.epoch}" if epoch.epoch else "before the distillation"
    console().print(
        f"{what}: {100 * epoch.kept:.1f} % of the images held apart keep their class, loss {epoch.loss:.4f}"
    )


def table(layers: dict[str, dict[str, Any]], weight_bits: dict[str, int]) -> "Table":
    """A row for every layer: its weights' bits, and what quantization has changed its sums by."""
    from rich.table import Table

    made = Table(box=None, header_style="bold")
    made.add_column("layer", overflow="fold")
    made.add_column("bits", justify="right")
    made.add_column("error of its sums, squared, by their energy", justify="right")
    for name, layer in layers.items():
        made.add_row(name, str(weight_bits[name]), f"{100 * layer['error']:.2f} %")
    return made


def accuracy_table(rows: dict[str, dict[str, float]], images: int) -> "Table":
    """Float and quantized, on the same held-out images."""
    from rich.table import Table

    made = Table(title=f"{images:,} held-out images", title_justify="left", box=None, header_style="bold")
    for heading in ("network", "top-1", "top-5"):
        made.add_column(heading, justify="left" if heading == "network" else "right")
    for name, row in rows.items():
        made.add_row(name, *(f"{100 * row[key]:.2f} %" if key in row else "" for key in ("top1", "top5")))
    return made
