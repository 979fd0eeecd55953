"""How fast the integer reference is on ImageNet's networks, against the same graph in int64 with searched thresholds.

    python benchmarks/interpreter.py [RECIPE ...] [--frames 32]

Random weights and thresholds: times do not depend on them. Both must give the same results.
"""

import time
from unittest.mock import patch

import click
import numpy as np

from benchmarks.history import record
from hwcodesign.dataflow import Dataflow
from hwcodesign.graph import interpreter
from hwcodesign.graph.predict import predict
from hwcodesign.graph.random_tensors import randomised
from hwcodesign.kinds import mvau, thresholding
from hwcodesign.recipe import load_recipe


def plain(graph: Dataflow, frames: np.ndarray) -> np.ndarray:
    """The oracle: sums in int64, each threshold searched for."""
    with (
        patch.object(mvau, "exact_type", lambda largest: np.int64),
        patch.object(thresholding, "exact_type", lambda largest: np.int64),
    ):
        return interpreter.run(graph, frames)


@click.command()
@click.argument("recipes", nargs=-1)
@click.option("--frames", default=32, show_default=True)
def main(recipes: tuple[str, ...], frames: int) -> None:
    """Print the processor's seconds for each frame and the ratio."""
    for name in recipes or ("squeezenet-v1.0-imagenet", "squeezenet-v1.1-imagenet"):
        recipe = load_recipe(name)
        graph = randomised(predict(recipe.describe(), recipe.quantization.to_quantization()), 1)
        images = np.random.default_rng(1).integers(0, 256, (frames, *graph.input.shape), dtype=np.uint8)
        seconds, found = [], []
        for run, count in ((interpreter.run, frames), (plain, 1)):
            start = time.process_time()
            found.append(run(graph, images[:count]))
            seconds.append((time.process_time() - start) / count)
        assert np.array_equal(found[0][:1], found[1])
        ratio = seconds[1] / seconds[0]
        record("interpreter", {f"{name}, s a frame": seconds[0], f"{name}, int64 / this": ratio})
        print(f"{name}: {seconds[0]:.3f} s a frame; in int64 {seconds[1]:.2f} s, {ratio:.0f} times as long")


if __name__ == "__main__":
    main()
