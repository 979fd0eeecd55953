"""ImageNet's networks quantized without training: methods by bits, top-1 and top-5 on held-out pictures.

    python benchmarks/imagenet.py --data FOLDER --weights squeezenet-v1.0-imagenet=v10.net [--bits 4,8] [--method all]

FOLDER as the recipes say; calibration pictures are those of FOLDER/calibration, results are of FOLDER/val. Rows that
are among the results are not made again, so an interrupted run goes on where it was. What is measured is the quantized
network in float32, which the hardware's integers equal but for roundings: `hwcodesign verify` tells theirs.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from torch import Tensor

from benchmarks.history import record
from hwcodesign.core.classified import top5
from hwcodesign.data import Dataset, load_dataset
from hwcodesign.export.float_weights import Weights
from hwcodesign.job import QuantizeRequest
from hwcodesign.nets.network import Network
from hwcodesign.quantize.blocks import Block, blocks
from hwcodesign.quantize.distillation import Epoch, distil, pupil
from hwcodesign.quantize.float_file import read_weights
from hwcodesign.quantize.float_network import scores, with_weights
from hwcodesign.quantize.from_weights import calibration_images, prepared_weights, quantize_network
from hwcodesign.quantize.layerwise import LAYERWISE, Method
from hwcodesign.quantize.quantized import Quantized, forward
from hwcodesign.quantize.reconstruction import Lesson, Rebuilt, chosen, reconstruct
from hwcodesign.quantize.rounding import gptq, scales_for
from hwcodesign.recipe import LayerBitsTable, Recipe, load_recipe

RESULTS = Path(__file__).with_suffix(".json")
_BATCH = 16
Row = dict[str, Any]


def to_nearest(weight: Tensor, covariance: Tensor, bits: int, shared: bool = False) -> tuple[Tensor, Tensor]:
    """Scales by error weighted with the inputs' energy, then each weight by itself."""
    scales, most = scales_for(weight, covariance.diagonal(), bits, shared), 2 ** (bits - 1) - 1
    return (weight / scales[:, None]).round().clamp(-most, most), scales


def by_gptq(weight: Tensor, covariance: Tensor, bits: int, shared: bool = False) -> tuple[Tensor, Tensor]:
    """The same scales, then GPTQ."""
    scales = scales_for(weight, covariance.diagonal(), bits, shared)
    return gptq(weight, covariance, scales, bits), scales


def as_they_are(weight: Tensor, covariance: Tensor, cross: Tensor) -> Tensor:
    """Weights that are not fitted to what the layers before give."""
    return weight


RECONSTRUCTION, DISTILLATION = "reconstruction", "distillation"  # behind layerwise; behind the former if that has steps
METHODS = {  # and how far channels are equalized first; None: as suits the bits
    "nearest": (Method(as_they_are, to_nearest, signal_first=False), 0.0),
    "gptq": (Method(as_they_are, by_gptq, signal_first=False), 0.0),
    "layerwise, all errors alike": (Method(signal_first=False), None),
    "layerwise": (LAYERWISE, None),
    "layerwise, channels as they are": (LAYERWISE, 0.0),
}


def row_of(answers: np.ndarray, dataset: Dataset) -> Row:
    """Both accuracies in percent."""
    labels = dataset.test_labels
    best = 100 * float((answers.argmax(1) == labels).mean()), 100 * top5(answers, labels)
    return {"top1": round(best[0], 2), "top5": round(best[1], 2), "pictures": len(labels)}


@torch.no_grad()
def quantized_scores(recipe: Recipe, quantized: Quantized, images: np.ndarray) -> np.ndarray:
    """float32 (images, classes)."""
    network, found = recipe.describe(), []
    for start in range(0, len(images), _BATCH):
        raw = torch.from_numpy(images[start : start + _BATCH].transpose(0, 3, 1, 2).copy()).float()
        raw = raw.contiguous(memory_format=torch.channels_last)
        found.append(forward(network, quantized, raw, *recipe.data.scalars).numpy())
    return np.concatenate(found)


def with_bits(recipe: Recipe, bits: str) -> Recipe:
    """`bits`: of weights and activations; then, if others, of the ends' weights, and of what the last layer reads."""
    weights, activations, *ends = map(int, bits.split(","))
    changes: dict[str, Any] = {"weight_bits": weights, "activation_bits": activations}
    changes |= {"first_weight_bits": ends[0], "last_weight_bits": ends[0]} if ends else {}
    if ends[1:]:
        network, table = recipe.describe(), LayerBitsTable(activation_bits=ends[1])
        last = blocks(network)[-1].input
        names = [name for block in blocks(network) if block.output == last for name in _ending(network, block)]
        changes["layers"] = {**recipe.quantization.layers, **dict.fromkeys(names, table)}
    return recipe.model_copy(update={"quantization": recipe.quantization.model_copy(update=changes)})


def _ending(network: Network, block: Block) -> list[str]:
    """The layers that end in the quantizer which ends the block."""
    ends = [name for name in (node.name for node in block.nodes) if name in network.quantizers]
    return [name for name in ends if network.quantizers[name] == network.quantizers[ends[-1]]]


class Bench:
    """One recipe's data, read when first asked for."""

    def __init__(self, name: str, weights: Path, data: Path, count: int, threads: int) -> None:
        self.recipe = load_recipe(name, {"train.threads": threads})
        self.name, self.file, self.data, self.count = name, weights, data, count
        self._read: tuple[dict[str, Weights], Dataset, np.ndarray] | None = None
        self._made: dict[tuple[str, str], tuple[Quantized, float]] = {}  # and its seconds

    def read(self) -> tuple[dict[str, Weights], Dataset, np.ndarray]:
        """Float weights, held-out pictures, calibration pictures."""
        if self._read is None:
            weights = read_weights(self.file, self.recipe.describe())
            dataset = load_dataset(self.recipe.data, self.data, training=False)
            images = calibration_images(self.recipe, QuantizeRequest(self.file, images=self.count), self.data)
            self._read = weights, dataset, images
        return self._read

    def float_row(self) -> Row:
        weights, dataset, _ = self.read()
        return row_of(scores(with_weights(self.recipe, weights), dataset.test_images), dataset)

    def row(self, method: str, bits: str, work: Path, steps: int, epochs: int) -> Row:
        quantized, seconds = self.quantized(method, bits, work, steps, epochs)
        found = row_of(quantized_scores(self.recipe, quantized, self.read()[1].test_images), self.read()[1])
        return found | {"calibration_pictures": self.count, "seconds": round(seconds, 1)}

    def quantized(self, method: str, bits: str, work: Path, steps: int, epochs: int) -> tuple[Quantized, float]:
        """And the seconds that it took, with those of what it starts from."""
        if (method, bits) in self._made:
            return self._made[method, bits]
        (weights, _, images), recipe = self.read(), with_bits(self.recipe, bits)
        before = {RECONSTRUCTION: "layerwise", DISTILLATION: RECONSTRUCTION if steps else "layerwise"}.get(method)
        found, seconds = self.quantized(before, bits, work, steps, epochs) if before else (Quantized(), 0.0)
        start = time.monotonic()
        if method == RECONSTRUCTION:
            found = self._reconstructed(recipe, found, work / f"{self.name}-{bits}-{steps}", steps)
        elif method == DISTILLATION:
            found = self._distilled(recipe, found, work / f"{self.name}-{bits}-{steps}-{epochs}", epochs)
        else:
            way, equalization = METHODS[method]
            found = quantize_network(recipe, weights, images, equalization, method=way)
        self._made[method, bits] = found, seconds + time.monotonic() - start
        return self._made[method, bits]

    def _reconstructed(self, recipe: Recipe, found: Quantized, folder: Path, steps: int) -> Quantized:
        folder.mkdir(parents=True, exist_ok=True)
        (weights, _, images), network = self.read(), recipe.describe()
        prepared = prepared_weights(recipe, weights, images, None)
        lesson = Lesson(chosen(self._every()), recipe.data.scalars, steps, recipe.train.seed)

        def say(block: Rebuilt) -> None:
            print(f"  {block.block}: {100 * block.before:.2f} % -> {100 * block.after:.2f} %", flush=True)

        return reconstruct(network, prepared, found, _weight_bits(recipe), lesson, folder, say)[0]

    def _distilled(self, recipe: Recipe, found: Quantized, folder: Path, epochs: int) -> Quantized:
        folder.mkdir(parents=True, exist_ok=True)
        network, teacher = recipe.describe(), with_weights(recipe, self.read()[0])
        model = pupil(network, found, _weight_bits(recipe), self._every(), recipe.data.scalars)

        def say(epoch: Epoch) -> None:
            print(f"  epoch {epoch.epoch}: loss {epoch.loss:.4f}, {100 * epoch.kept:.1f} % kept", flush=True)

        distil(model, recipe.data.scalars, teacher, self._every(), epochs, recipe.train, folder, say)
        return model.quantized()

    def _every(self) -> np.ndarray:
        return calibration_images(self.recipe, QuantizeRequest(self.file), self.data, whole=True)


def _weight_bits(recipe: Recipe) -> dict[str, int]:
    return recipe.describe().weight_bits(recipe.quantization.to_quantization())


def keep(results: Path, key: str, make: Callable[[], Row]) -> None:
    """The row `key` of the results, made if it is not there."""
    rows = json.loads(results.read_text()) if results.exists() else {}
    if key not in rows:
        rows[key] = make()
        partial = results.with_suffix(".partial")
        partial.write_text(json.dumps(rows, indent=1) + "\n")
        partial.replace(results)
        record("imagenet", {f"{key}, top-1 %": rows[key]["top1"], f"{key}, top-5 %": rows[key]["top5"]})
    row = rows[key]
    print(f"{key:60} top-1 {row['top1']:6.2f} %  top-5 {row['top5']:6.2f} %", flush=True)


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--weights", "files", required=True, multiple=True, metavar="RECIPE=FILE", help="Each network's weights.")
@click.option("--bits", multiple=True, default=("8,8", "4,8", "4,4"), show_default=True, help=with_bits.__doc__)
@click.option(
    "--method",
    "methods",
    multiple=True,
    type=click.Choice(["all", *METHODS, RECONSTRUCTION, DISTILLATION]),
    default=("layerwise",),
)
@click.option("--calibration-images", "count", default=256, show_default=True)
@click.option("--threads", default=1, show_default=True)
@click.option("--steps", default=200, show_default=True, help="Of the reconstruction, for each block.")
@click.option("--epochs", default=2, show_default=True, help="Of the distillation behind it.")
@click.option("--work", type=click.Path(path_type=Path), default=Path("runs/imagenet"), show_default=True)
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, show_default=True)
def main(
    data: Path,
    files: tuple[str, ...],
    bits: tuple[str, ...],
    methods: tuple[str, ...],
    count: int,
    threads: int,
    steps: int,
    epochs: int,
    work: Path,
    results: Path,
) -> None:
    """Print a row for the float networks, and for every method and choice of bits."""
    wanted = [*METHODS, RECONSTRUCTION, DISTILLATION] if "all" in methods else methods
    long = {RECONSTRUCTION: f" of {steps} steps", DISTILLATION: f" of {epochs} epochs, behind {steps} steps"}
    torch.set_num_threads(threads)
    benches = [
        Bench(name, Path(file), data, count, threads) for name, _, file in (text.partition("=") for text in files)
    ]
    for bench in benches:
        keep(results, f"{bench.name}: float", bench.float_row)
    for which in bits:
        for method in wanted:
            for bench in benches:
                key = f"{bench.name}: {method}{long.get(method, '')}, {which}, {count} calibration pictures"
                keep(results, key, lambda b=bench, m=method, w=which: b.row(m, w, work, steps, epochs))  # type: ignore[misc]


if __name__ == "__main__":
    main()
