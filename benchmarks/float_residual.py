"""A residual network trained in float and brought as ONNX, quantized without training, beside quantized training.

    python benchmarks/float_residual.py --data FOLDER [--images 50000] [--float-epochs 25] [--epochs 6] [--bits 4,4]

FOLDER holds CIFAR-10 (cifar10.npz). ResNet-8 is trained in float for some epochs and goes on with quantizers for some
more, as `hwcodesign train resnet-8` does it (QAT, with labels). The float network in between is exported to ONNX, and
`hwcodesign quantize --model` makes integers of it: layer by layer, then also block by block or with a distillation, all
without labels. All on the same held-out images; the seconds of each are told. What is done lies in the folder `--work`,
and is not done again after an interruption.
"""

import contextlib
import io
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch

from benchmarks.history import record
from hwcodesign.cli import cli
from hwcodesign.export.qonnx import export
from hwcodesign.quantize.float_file import read_weights
from hwcodesign.quantize.float_network import accuracy, with_weights
from hwcodesign.recipe import Recipe, load_recipe
from hwcodesign.training.loop import train

RESULTS = Path(__file__).with_suffix(".json")


class Scaled(torch.nn.Module):
    """Our float module for pixels of 0 to 1, as most people's networks take them."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """(frames, channels, height, width)."""
        return self.module(pixels * 255)


def part_of(data: Path, images: int, folder: Path) -> Path:
    """The first `images` to train with, and as many as a tenth of them, at least 1,000, to test."""
    with np.load(data / "cifar10.npz") as whole:
        arrays = {key: whole[key] for key in whole.files}
    tested = max(1_000, images // 5)
    pictures = {key: value for key, value in arrays.items() if key[:2] in ("x_", "y_")}
    cut = {key: value[: images if "train" in key else tested] for key, value in pictures.items()}
    np.savez(folder / "cifar10.npz", **arrays | cut)
    return folder


def quantized(model: Path, data: Path, runs: Path, bits: str, reconstruct: int, distil: int) -> dict[str, Any]:
    """What the command line makes of the ONNX file."""
    weights, activations = bits.split(",")
    arguments = ["quantize", "--model", str(model), "--data", str(data), "--runs", str(runs), "--board", "zcu104"]
    arguments += ["--weight-bits", weights, "--activation-bits", activations, "--no-float"]
    arguments += ["--reconstruct", str(reconstruct), "--distil", str(distil)]
    arguments += ["--set", "train.flip=true", "--set", "train.batch_size=128"]
    start = time.monotonic()
    with contextlib.redirect_stdout(io.StringIO()):
        cli.main(arguments, standalone_mode=False)
    seconds = round(time.monotonic() - start)
    reference = json.loads((runs / model.stem / "export" / "reference.json").read_text())
    return {"top1": round(100 * reference["top1"], 2), "seconds": seconds, "images": reference["images"]}


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--images", default=50_000, show_default=True, help="Of the training images.")
@click.option("--float-epochs", default=25, show_default=True)
@click.option("--epochs", default=6, show_default=True, help="With quantizers, behind them.")
@click.option(
    "--bits", "choices", multiple=True, default=("4,4", "8,8"), show_default=True, help="Weights, activations."
)
@click.option("--reconstruct", default=300, show_default=True, help="Steps of the reconstruction, for each block.")
@click.option("--distil", default=3, show_default=True, help="Epochs of the distillation.")
@click.option("--work", type=click.Path(path_type=Path), default=Path("runs/float_residual"), show_default=True)
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, show_default=True)
def main(
    data: Path,
    images: int,
    float_epochs: int,
    epochs: int,
    choices: tuple[str, ...],
    reconstruct: int,
    distil: int,
    work: Path,
    results: Path,
) -> None:
    """Print a row for float, and for each way and number of bits."""
    kept = json.loads(results.read_text()) if results.exists() else {}
    rows = {"images": images, "float epochs": float_epochs, "QAT epochs": epochs}
    rows |= {"reconstruct": reconstruct, "distil": distil}
    if any(kept.get(key) != value for key, value in rows.items()):
        kept = rows

    def keep(name: str, row: Callable[[], dict[str, Any]]) -> None:
        if name not in kept:
            kept[name] = row()
            results.write_text(json.dumps(kept, indent=1) + "\n")
            record("float_residual", {f"{name}, %": kept[name]["top1"], f"{name}, seconds": kept[name]["seconds"]})
        print(f"{name:28} {kept[name]['top1']:6.2f} %  {kept[name]['seconds']} s", flush=True)

    work.mkdir(parents=True, exist_ok=True)
    part = part_of(data, images, work)
    schedule = {"train.float_epochs": float_epochs, "train.epochs": epochs, "train.batch_size": 128,
                "train.learning_rate": 0.1, "train.weight_decay": 0.0005, "train.warmup_epochs": 1.0,
                "train.flip": True, "train.shift": 2, "train.optimizer": "sgd", "train.schedule": "linear",
                "train.quantized_rate": 0.1, "train.distillation": 0.0, "train.average": 0.0,
                "train.float_precision": "float32"}  # fmt: skip
    model, floating = work / "resnet8.onnx", work / "qat-4,4" / "float.pt"
    for bits in choices:
        recipe = _recipe(schedule | _bits(bits))
        if bits != "4,4":  # from the same float network
            behind = {"float_epochs": 0, "start_from": str(floating)}
            behind["learning_rate"] = recipe.train.learning_rate * recipe.train.quantized_rate
            recipe = recipe.model_copy(update={"train": recipe.train.model_copy(update=behind)})
        keep(f"QAT {bits}", partial(_trained_row, recipe, work / f"qat-{bits}", part))
        keep("float", partial(_float_row, recipe, floating, part))
        if not model.exists():
            _write_onnx(recipe, floating, model)
        ways = {"quantize": (0, 0), "quantize and reconstruct": (reconstruct, 0), "quantize and distil": (0, distil)}
        for way, counts in ways.items():
            runs = work / f"runs-{bits}-{counts[0]}-{counts[1]}"
            keep(f"{way} {bits}", partial(quantized, model, part, runs, bits, *counts))


def _recipe(changes: dict[str, Any]) -> Recipe:
    return load_recipe("resnet-8", changes)


def _bits(bits: str) -> dict[str, Any]:
    weights, activations = map(int, bits.split(","))
    ends = {f"quantization.{which}_weight_bits": weights for which in ("first", "last")}
    both = {"quantization.weight_bits": weights, "quantization.activation_bits": activations}
    return both | ends | {"quantization.layers": {}}


def _seconds(folder: Path, quantized: bool) -> int:
    """Of a training's epochs with quantizers, or of those without."""
    epochs = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return round(sum(epoch["seconds"] for epoch in epochs if epoch["quantized"] == quantized))


def _float_row(recipe: Recipe, floating: Path, data: Path) -> dict[str, Any]:
    return {"top1": round(100 * accuracy(recipe, floating, data)["top1"], 2),
            "seconds": _seconds(floating.parent, False)}  # fmt: skip


def _trained_row(recipe: Recipe, folder: Path, data: Path) -> dict[str, Any]:
    train(recipe, data, folder)
    reference = export(recipe, folder / "best.pt", folder / "export", data).reference
    return {"top1": round(100 * reference["top1"], 2), "seconds": _seconds(folder, True),
            "images": reference["images"]}  # fmt: skip


def _write_onnx(recipe: Recipe, checkpoint: Path, path: Path) -> None:
    module = Scaled(with_weights(recipe, read_weights(checkpoint, recipe.describe()))).eval()
    height, width = recipe.data.size
    torch.onnx.export(module, (torch.zeros(1, recipe.data.channels, height, width),), str(path), dynamo=False)


if __name__ == "__main__":
    main()
