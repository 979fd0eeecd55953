"""What each way of compressing a float network saves, and costs: bytes, weights left, top-1 and top-5.

    python -m benchmarks.compression                                              the digits, trained here
    python -m benchmarks.compression fashion-squeezenet --data FOLDER --float-epochs 6
    python -m benchmarks.compression squeezenet-v1.0-imagenet --weights v10.net --data FOLDER --pictures 250

Without --weights the recipe's network is trained in float first, by its own schedule but for the number of epochs, and
again as dense-sparse-dense of as many; then some methods train on. With --weights nothing is trained. At most so many
of the held-out pictures are asked for each row, evenly spaced. Rows that are among the results are not made again, so
an interrupted run goes on where it was. In the end SqueezeNet's rows stand beside the dissertation's table 5.2.
"""

import json
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.history import record
from hwcodesign.core.classified import top5
from hwcodesign.data import load_dataset
from hwcodesign.export.float_weights import Weights
from hwcodesign.job import QuantizeRequest
from hwcodesign.quantize import compression
from hwcodesign.quantize.compression_table import MEGABYTE, PRINTED, is_squeezenet
from hwcodesign.quantize.fine_tuning import Lessons, fine_tuned
from hwcodesign.quantize.fixed_point_activations import fixed_point_activations
from hwcodesign.quantize.float_file import read_weights
from hwcodesign.quantize.float_network import scores, with_weights
from hwcodesign.quantize.from_weights import calibration_images
from hwcodesign.quantize.low_rank import decomposed, low_rank, ranks_by_energy, ranks_by_size
from hwcodesign.recipe import Recipe, load_recipe

RESULTS = Path(__file__).with_suffix(".json")
CALIBRATION = 64  # pictures that say how large activations get
Row = dict[str, Any]
Network = Mapping[str, Weights]
Made = tuple[Network, int]  # and its bytes


class Bench:
    """One network: its weights, given or trained here, and the pictures that it is measured on."""

    def __init__(
        self, recipe: Recipe, file: Path | None, data: Path | None, most: int, work: Path, epochs: tuple[int, int]
    ) -> None:
        self.recipe, self.file, self.data, self.most, self.work = recipe, file, data, most, work
        self.float_epochs, self.tuning_epochs = epochs
        self.network = recipe.describe()

    @cached_property
    def weights(self) -> dict[str, Weights]:
        """Float, before any compression."""
        return self.trained("dense", {"float_epochs": self.float_epochs}) if self.file is None else self.read(self.file)

    def read(self, file: Path) -> dict[str, Weights]:
        return read_weights(file, self.network)

    def trained(self, name: str, schedule: Mapping[str, Any]) -> dict[str, Weights]:
        """The float network behind a training, which goes on where it was stopped."""
        from hwcodesign.training.loop import train

        table = self.recipe.train.model_copy(update={"epochs": 1, **schedule})
        folder = self.work / f"{self.recipe.name}-{name}-{self.float_epochs}"
        train(self.recipe.model_copy(update={"train": table}), self.data, folder, "cpu")
        return self.read(folder / "float.pt")

    @cached_property
    def pictures(self) -> tuple[np.ndarray, np.ndarray]:
        """Held-out images and their labels."""
        dataset = load_dataset(self.recipe.data, self.data, training=False)
        count = min(self.most, len(dataset.test_images))
        chosen = np.arange(count) * len(dataset.test_images) // count
        return dataset.test_images[chosen], dataset.test_labels[chosen]

    @cached_property
    def images(self) -> np.ndarray:
        """Unlabelled ones, of no held-out picture."""
        return calibration_images(self.recipe, QuantizeRequest(Path(), images=CALIBRATION), self.data)

    @cached_property
    def lessons(self) -> Lessons:
        dataset = load_dataset(self.recipe.data, self.data)
        return Lessons(dataset.train_images, dataset.train_labels, self.weights)

    @cached_property
    def float_scores(self) -> np.ndarray:
        """Of the pictures, by the network as it is."""
        return scores(with_weights(self.recipe, self.weights), self.pictures[0])

    @property
    def density(self) -> float:
        """The share of weights other than 0 before any compression: a file may hold a pruned network."""
        every = sum(w.weight.size for w in self.weights.values())
        return sum(int(np.count_nonzero(w.weight)) for w in self.weights.values()) / every

    def row(self, made: Made, activation_bits: int | None = None) -> Row:
        weights, size = made
        images, labels = self.pictures
        if activation_bits:
            module = with_weights(self.recipe, weights)
            with fixed_point_activations(module, self.images, activation_bits):
                found = scores(module, images)
        elif all(np.array_equal(weights[name].weight, given.weight) for name, given in self.weights.items()):
            found = self.float_scores
        else:
            found = scores(with_weights(self.recipe, weights), images)
        every = sum(w.weight.size for w in weights.values())
        left = sum(int(np.count_nonzero(w.weight)) for w in weights.values())
        return {
            "bytes": size,
            "sparsity": round(1 - left / every, 4),
            "top1": round(100 * float((found.argmax(1) == labels).mean()), 2),
            "top5": round(100 * top5(found, labels), 2),
            "pictures": len(labels),
        }

    # Each way gives the weights and their bytes.

    def float32(self) -> Made:
        return self.weights, self._float_bytes()

    def _float_bytes(self) -> int:
        return 4 * sum(w.weight.size + w.bias.size for w in self.weights.values())

    def low_rank(self, energy: float | None = None, share: float = 1.0) -> Made:
        layers = decomposed(self.network, self.weights)
        if energy is None:
            ranks = ranks_by_size(layers, int(share * sum(layer.whole for layer in layers.values())))
        else:
            ranks = ranks_by_energy(layers, energy)
        made, parameters = low_rank(self.weights, layers, ranks)
        return made, 4 * parameters

    def pruned(self, keep: float) -> Made:
        made = compression.pruned(self.weights, keep)
        return made, compression.sparse_bytes(made)

    def tuned(self, keep: float, labels: bool = True) -> Made:
        lessons = self.lessons if labels else Lessons(self.lessons.images, None, self.weights)
        start = compression.pruned(self.weights, keep)
        made = fine_tuned(self.recipe, start, lessons, self.tuning_epochs)
        return made, compression.sparse_bytes(made)

    def fixed_point(self, bits: int) -> Made:
        made = compression.fixed_point(self.weights, bits)
        return made, compression.size_of(made, bits).dense(bits)

    def codebooks(self, bits: int, keep: float = 1.0) -> Made:
        start = compression.pruned(self.weights, keep) if keep < 1 else self.weights
        made = compression.shared(start, bits)
        return made, compression.size_of(made, bits).file

    def trained_codebooks(self, bits: int) -> Made:
        made = fine_tuned(self.recipe, self.codebooks(bits)[0], self.lessons, self.tuning_epochs, shared=True)
        return made, compression.size_of(made, bits).file

    def deep_compression(self, bits: int, keep: float) -> Made:
        """Pruned, tuned, shared, tuned; with Huffman codes."""
        start = self.tuned(keep)[0]
        made = fine_tuned(self.recipe, compression.shared(start, bits), self.lessons, self.tuning_epochs, shared=True)
        return made, compression.size_of(made, bits).huffman

    def dense_sparse_dense(self) -> Made:
        part = self.float_epochs // 4
        phases = {"float_epochs": self.float_epochs - 2 * part, "sparse_epochs": part, "dense_epochs": part}
        return self.trained("dsd", phases), self._float_bytes()


def methods(bench: Bench) -> dict[str, Callable[[], Row]]:
    """Every row to make, by what is said of it."""
    made: dict[str, Callable[[], Made]] = {"float32": bench.float32}
    made |= {f"SVD, {energy:.0%} of the energy": (lambda e=energy: bench.low_rank(e)) for energy in (0.99, 0.95, 0.9)}
    made |= {f"SVD, {share:.0%} of the weights": (lambda s=share: bench.low_rank(share=s)) for share in (0.75, 0.5)}
    keeps = [keep for keep in (0.6, 0.4, 0.333, 0.25, 0.2) if keep < 0.99 * bench.density]
    made |= {f"pruned, {keep:.0%} left": (lambda k=keep: bench.pruned(k)) for keep in keeps}
    made |= {f"fixed point, {bits} bits": (lambda b=bits: bench.fixed_point(b)) for bits in (8, 6)}
    made |= {f"codebooks, {bits} bits": (lambda b=bits: bench.codebooks(b)) for bits in (8, 6, 5, 4, 3)}
    if 0.333 in keeps:
        made |= {f"codebooks, {bits} bits, 33% left": (lambda b=bits: bench.codebooks(b, 0.333)) for bits in (8, 6)}
    if bench.file is None:
        for keep in (0.333, 0.2, 0.1):
            made[f"pruned, {keep:.0%} left, trained on"] = lambda k=keep: bench.tuned(k)
        made["pruned, 20% left, distilled"] = lambda: bench.tuned(0.2, labels=False)
        made |= {f"codebooks, {bits} bits, trained": (lambda b=bits: bench.trained_codebooks(b)) for bits in (3, 2)}
        made["Deep Compression, 20% left, 5 bits, Huffman"] = lambda: bench.deep_compression(5, 0.2)
        made["dense-sparse-dense, float32"] = bench.dense_sparse_dense
    rows: dict[str, Callable[[], Row]] = {name: (lambda make=make: bench.row(make())) for name, make in made.items()}
    rows["fixed point, 8 bits, activations too"] = lambda: bench.row(bench.fixed_point(8), activation_bits=8)
    return rows


def keep(results: Path, recipe: str, method: str, make: Callable[[], Row]) -> Row:
    """The row of the results, made if it is not there."""
    rows: dict[str, Row] = json.loads(results.read_text()) if results.exists() else {}
    key = f"{recipe}: {method}"
    if key not in rows:
        start = time.monotonic()
        row = make() | {"seconds": round(time.monotonic() - start, 1)}
        rows = (json.loads(results.read_text()) if results.exists() else {}) | {key: row}  # others write, too
        partial = results.with_suffix(".partial")
        partial.write_text(json.dumps(rows, indent=1) + "\n")
        partial.replace(results)
        record("compression", {f"{key}, bytes": row["bytes"], f"{key}, top-1 %": row["top1"]})
    return rows[key]


def shown(recipe: str, rows: Mapping[str, Row]) -> Table:
    """A line for each row, beside the first's bytes."""
    pictures = next(iter(rows.values()))["pictures"]
    made = Table(title=f"{recipe}, {pictures:,} held-out pictures", title_justify="left", box=None)
    for heading in ("method", "bytes", "of float32", "weights left", "top-1", "top-5"):
        made.add_column(heading, justify="left" if heading == "method" else "right")
    whole = next(iter(rows.values()))["bytes"]
    for name, row in rows.items():
        share = f"1/{whole / row['bytes']:.1f}"
        left = f"{100 * (1 - row['sparsity']):.1f} %"
        made.add_row(name, f"{row['bytes']:,}", share, left, f"{row['top1']:.2f} %", f"{row['top5']:.2f} %")
    return made


def table_5_2(bench: Bench) -> Table:
    """What can be made of the file itself, beside what the dissertation prints."""
    made = Table(title="Table 5.2 and 5.1, SqueezeNet", title_justify="left", box=None)
    for heading in ("", "ours", "printed", "difference"):
        made.add_column(heading, justify="left" if not heading else "right")
    size = compression.size_of(compression.shared(bench.weights, 8), 8)
    left, printed = size.weights + size.biases, PRINTED["parameters left"]
    made.add_row("parameters after pruning", f"{left:,}", f"{printed:,.0f}", f"{left - printed:+,.0f}")
    for bits in (8, 6):
        found = compression.size_of(compression.shared(bench.weights, bits), bits)
        for what, size in (("its file", found.file), ("with Huffman codes", found.huffman)):
            megabytes = size / MEGABYTE
            made.add_row(f"Deep Compression, {bits} bits, {what}: {size:,} bytes", f"{megabytes:.3f} MB",
                         f"{PRINTED[bits]:g} MB", f"{megabytes - PRINTED[bits]:+.3f} MB")  # fmt: skip
    return made


@click.command()
@click.argument("recipe", default="digits-squeezenet")
@click.option("--weights", type=click.Path(path_type=Path, exists=True), help="Float weights; nothing is trained then.")
@click.option("--data", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--pictures", type=click.IntRange(1), default=10_000, show_default=True, help="For each row, at most.")
@click.option("--float-epochs", type=click.IntRange(4), default=40, show_default=True, help="Of the training here.")
@click.option("--tuning-epochs", type=click.IntRange(1), default=10, show_default=True, help="Of training on.")
@click.option("--work", type=click.Path(path_type=Path), default=Path("runs/compression"), show_default=True)
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, show_default=True)
def main(
    recipe: str, weights: Path | None, data: Path | None, pictures: int, float_epochs: int, tuning_epochs: int,
    work: Path, results: Path,
) -> None:  # fmt: skip
    """Measure every way to compress RECIPE's float network."""
    bench = Bench(load_recipe(recipe), weights, data, pictures, work, (float_epochs, tuning_epochs))
    name = bench.recipe.name
    rows: dict[str, Row] = {}
    for method, make in methods(bench).items():
        rows[method] = keep(results, name, method, make)
        print(method, rows[method], flush=True)
    screen = Console(width=140)
    screen.print(shown(name, rows))
    if weights and weights.suffix == ".net" and is_squeezenet(bench.network):
        screen.print(table_5_2(bench))


if __name__ == "__main__":
    main()
