"""How much better a search is than drawing points at random: the hypervolume of its front at an equal budget.

    python -m benchmarks.explore_hypervolume FOLDER [SEEDS [POINTS]]      # again, it goes on where it was stopped

Objectives are a made-up proxy of accuracy (below: it rises with operations and bits and flattens, and stands for no
training), frames per second and block RAM; the costs are the planner's own. A run's hypervolume is a share of that of
all points that any run has found. Writes benchmarks/explore_hypervolume.json: for each sampler the mean over the seeds,
and the mean of the differences from random search of the same seed with its 95 % interval (Student's t); and draws
explore_hypervolume.png: the same after every point tried.
"""

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.history import record
from hwcodesign.explore import engine as searching
from hwcodesign.explore import training
from hwcodesign.explore.cost import Cost, cost_at
from hwcodesign.explore.front import front, hypervolume
from hwcodesign.explore.results import results_of
from hwcodesign.explore.space import Params
from hwcodesign.explore.study import DIRECTIONS, Study, load_study
from hwcodesign.recipe import Recipe

STUDY = """
name = "hypervolume"
recipe = "digits-squeezenet"
objectives = ["accuracy", "frame_rate", "block_ram"]
[space]
"network.base_e" = { low = 8, high = 48, step = 8 }
"network.incr_e" = [0, 8, 16, 32]
"network.SR" = [0.125, 0.25, 0.5, 0.75]
"network.pct_3x3" = [0.25, 0.5, 0.75]
"network.fire_modules" = [2, 3, 4]
"quantization.weight_bits" = [2, 3, 4]
"quantization.activation_bits" = [2, 3, 4]
"hardware.frame_rate" = [300, 1000, 3000, 10000]
[[rungs]]
name = "proxy"
[search]
"""
SAMPLERS = ("random", "tpe", "nsga2")
OBJECTIVES = ("accuracy", "frame_rate", "block_ram")
remembered: dict[str, Cost] = {}


def proxy(recipe: Recipe, *_: Any) -> float:
    """Stands in for accuracy: no network was trained for it."""
    bits = recipe.quantization
    network = recipe.describe()
    weights = sum(network.weights(conv) for conv in network.convolutions)
    return 1 - 2.0 * weights**-0.35 - 0.4 * 4.0**-bits.weight_bits - 0.2 * 4.0**-bits.activation_bits


def cost(study: Study, params: Params) -> Cost:
    """Planned once, however many runs come by the point."""
    key = json.dumps(params, sort_keys=True)
    if key not in remembered:
        remembered[key] = cost_at(study, params)
    return remembered[key]


def search(sampler: str, seed: int, points: int, folder: Path) -> list[list[float] | None]:
    """The objectives, all to be maximized, of what one run has tried, in its order; None of what does not fit."""
    path = folder / f"{sampler}-{seed}.toml"
    path.write_text(f'{STUDY}sampler = "{sampler}"\npoints = {points}\nseed = {seed}\n')
    engine = searching.Engine(load_study(path), folder / path.stem)
    engine.work(lambda *_: None)
    return [
        None
        if p.excluded
        else [p.figures["accuracy"], math.log10(p.figures["frame_rate"]), -float(p.figures["block_ram"])]
        for p in results_of(engine).points
    ]


def interval(differences: list[float]) -> list[float]:
    """The mean's 95 % interval."""
    half = stats.sem(differences) * stats.t.ppf(0.975, len(differences) - 1)
    return [round(float(np.mean(differences)) + side * float(half), 4) for side in (-1, 1)]


def main(folder: Path, seeds: int, points: int) -> None:
    """Search with every sampler from every seed, and write what the fronts are worth."""
    searching.cost_at, training.trained_figure = cost, proxy
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for seed in range(1, seeds + 1):
        for sampler in SAMPLERS:
            found[sampler, seed] = search(sampler, seed, points, folder)
            print(sampler, seed, sum(map(bool, found[sampler, seed])), "points that fit", flush=True)
    every = [values for run in found.values() for values in run if values]
    up = ["maximize"] * len(OBJECTIVES)
    low = np.min(every, axis=0)
    reference = low - 0.05 * (np.max(every, axis=0) - low)
    whole = hypervolume([every[i] for i in front(every, up)], up, reference.tolist())

    def share(run: list[list[float] | None]) -> float:
        return hypervolume([values for values in run if values], up, reference.tolist()) / whole

    shares = {key: share(run) for key, run in found.items()}
    plot({key: [share(run[: n + 1]) for n in range(points)] for key, run in found.items()}, seeds)
    document: dict[str, Any] = {
        "objectives": [f"{name} ({DIRECTIONS[name]})" for name in OBJECTIVES],  # type: ignore[index]
        "accuracy_is": "a made-up proxy: no network was trained",
        "points_in_the_space": load_study(next(folder.glob("*.toml"))).count,
        "points": points,
        "seeds": seeds,
    }
    for sampler in SAMPLERS:
        of_sampler = [shares[sampler, seed] for seed in range(1, seeds + 1)]
        document[sampler] = {"mean": round(float(np.mean(of_sampler)), 4), "by_seed": [round(s, 4) for s in of_sampler]}
        if sampler != "random":
            better = [share - shares["random", seed] for seed, share in enumerate(of_sampler, 1)]
            document[sampler] |= {"better_by": round(float(np.mean(better)), 4), "interval_95": interval(better)}
    Path(__file__).with_suffix(".json").write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps(document, indent=1))
    record("explore_hypervolume", {sampler: document[sampler]["mean"] for sampler in SAMPLERS})


def plot(curves: dict[tuple[str, int], list[float]], seeds: int) -> None:
    """The share of the hypervolume after every point: the seeds' mean, and its 95 % interval."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for sampler in SAMPLERS:
        runs = np.array([curves[sampler, seed] for seed in range(1, seeds + 1)])
        tried, mean = range(1, runs.shape[1] + 1), runs.mean(axis=0)
        axes.plot(tried, mean, label=sampler)
        if seeds > 1:
            half = stats.sem(runs) * stats.t.ppf(0.975, seeds - 1)
            axes.fill_between(tried, mean - half, mean + half, alpha=0.2)
    axes.set(xlabel="points tried", ylabel="share of the hypervolume of all that was found", ylim=(0, 1))
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(Path(__file__).with_suffix(".png"), dpi=110)


if __name__ == "__main__":
    seeds, points = (int(text) for text in [*sys.argv[2:], *("8", "100")[len(sys.argv) - 2 :]])
    main(Path(sys.argv[1]), seeds, points)
