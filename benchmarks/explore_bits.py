"""Bits for every layer of cifar10-squeezenet within smaller and smaller budgets: what is lost, layer by layer.

    python -m benchmarks.explore_bits FOLDER [SHARE ...]      FOLDER: CIFAR-10; SHARE: 0.85 0.7, of LUTs and block RAM

A budget is a share of the LUTs and of the block RAM that the network takes now, and no more multipliers than now.

The weights are those that ship with the recipe, trained at 4 bits; nothing is trained here, so a loss is what rounding
alone does before any training. Losses are of 64 training images, the classes that stay of 1,000 test images. Writes
benchmarks/explore_bits.json, budget by budget, and draws explore_bits.png.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.history import record
from hwcodesign.data import load_dataset
from hwcodesign.explore.bits import assign
from hwcodesign.explore.bits_command import trained_graph
from hwcodesign.explore.sensitivity import losses, together
from hwcodesign.graph.interpreter import run
from hwcodesign.plan import plan
from hwcodesign.recipe import load_recipe

RECIPE = "cifar10-squeezenet"
RESULTS = Path(__file__).with_suffix(".json")
IMAGES, TESTED = 64, 1_000


def spread(count: int, wanted: int) -> np.ndarray:
    """Places of `wanted` images out of `count`, evenly."""
    places: np.ndarray = np.arange(wanted) * count // wanted
    return places


def main(folder: Path, shares: list[float]) -> None:
    """Measure the losses once, then solve for each budget."""
    recipe = load_recipe(RECIPE)
    graph = trained_graph(RECIPE, recipe, Path("runs"))
    dataset = load_dataset(recipe.data, folder)
    frames = dataset.train_images[spread(len(dataset.train_images), IMAGES)]
    tests = spread(len(dataset.test_images), TESTED)
    begin = time.process_time()
    found = losses(graph, frames)
    seconds = time.process_time() - begin
    planned = plan(graph, recipe.hardware.load_board(), **recipe.hardware.wishes())
    right = (run(graph, dataset.test_images[tests])[:, -1] == dataset.test_labels[tests]).mean()
    document: dict[str, Any] = {
        "recipe": RECIPE,
        "images": IMAGES,
        "cpu_seconds_of_sensitivity": round(seconds, 1),
        "now": vars(planned.total),
        "top1_now_of_1000_test_images": round(float(right), 4),
        "loss_by_layer_and_bits": {name: {b: round(v, 6) for b, v in by.items()} for name, by in found.items()},
        "budgets": json.loads(RESULTS.read_text())["budgets"] if RESULTS.exists() else {},
    }
    for share in shares:
        begin = time.process_time()
        allowed = {key: int(share * getattr(planned.total, key)) for key in ("lut", "block_ram")}
        hardware = recipe.hardware.model_copy(update={"at_most": allowed | {"dsp": planned.total.dsp}})
        given = assign(recipe.model_copy(update={"hardware": hardware}), found)
        loss, _ = together(graph, frames, given.bits)
        _, same = together(graph, dataset.test_images[tests], given.bits)
        document["budgets"][f"{share:g}"] = {
            "allowed": dict(hardware.at_most),
            "used": vars(given.planned.total),
            "frame_rate": round(given.planned.planned_frame_rate, 1),
            "bits": dict(given.bits),
            "loss_summed": round(given.loss, 6),
            "loss_bound": round(given.bound, 6),
            "loss_together": round(loss, 6),
            "same_class_of_1000_test_images": round(same, 4),
            "cpu_seconds": round(time.process_time() - begin, 1),
        }
        RESULTS.write_text(json.dumps(document, indent=1) + "\n")
        plot(document)
    record("explore_bits", {share: one["same_class_of_1000_test_images"] for share, one in document["budgets"].items()})


def plot(document: dict[str, Any]) -> None:
    """Above, what every layer loses; below, the bits that it gets within each budget."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    names = list(document["loss_by_layer_and_bits"])
    for bits in (2, 3):
        by_layer = [document["loss_by_layer_and_bits"][name].get(bits, np.nan) for name in names]
        above.plot(names, [1000 * loss for loss in by_layer], "o", label=f"at {bits} bits")
    above.set(ylabel="loss, thousandths of a nat", yscale="log")
    chosen = [[one["bits"][name] for name in names] for one in document["budgets"].values()]
    below.imshow(chosen, "Blues", vmin=0, vmax=5, aspect="auto")
    for y, one in enumerate(document["budgets"].values()):
        for x, name in enumerate(names):
            below.text(x, y, one["bits"][name], ha="center", va="center")
    stays = [f"{float(s):.0%}" for s in document["budgets"]]
    below.set_yticks(range(len(stays)), stays)
    below.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
    above.grid(alpha=0.3)
    above.legend()
    figure.savefig(RESULTS.with_suffix(".png"), dpi=110)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [float(text) for text in sys.argv[2:]] or [0.85, 0.7])
