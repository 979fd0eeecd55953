"""Which SqueezeNet for CIFAR-10 is the largest that a board takes at a frame rate: every point of a space, planned.

    python -m benchmarks.explore_boards FOLDER [TARGET ...]      # again, it goes on where it was stopped

Nothing is trained here. What a larger network is worth stands in metaparameters.json, short trainings of many: there
Kendall's rank correlation of accuracy with parameters and with operations says how far size tells which of two networks
is the better one. Writes benchmarks/explore_boards.json: by target and bits of the weights, how many points fit, and of
those the front of parameters and operations, the largest first; and draws explore_boards.png.
"""

import json
import sys
from pathlib import Path
from statistics import mean
from typing import Any

from scipy.stats import kendalltau

from benchmarks.history import record
from hwcodesign.explore.engine import Engine
from hwcodesign.explore.front import front
from hwcodesign.explore.results import Point, results_of
from hwcodesign.explore.study import load_study

RESULTS = Path(__file__).with_suffix(".json")
TRAINED = Path(__file__).with_name("metaparameters.json")
TARGETS = {"pynq-z1-3000": ("pynq-z1", 3000), "pynq-z1-5000": ("pynq-z1", 5000), "ulx3s-25f-500": ("ulx3s-25f", 500)}
STUDY = """
name = "{name}"
recipe = "cifar10-squeezenet"
objectives = ["frame_rate", "lut", "block_ram"]
[at_least]
frame_rate = {rate}
[space]
"network.base_e" = [16, 32, 48, 64, 96, 128]
"network.incr_e" = [0, 16, 32, 64, 96]
"network.SR" = [0.125, 0.25, 0.5]
"network.pct_3x3" = [0.25, 0.5]
"quantization.weight_bits" = [2, 3, 4]
"hardware.board" = ["{board}"]
"hardware.frame_rate" = [{rate}]
[search]
sampler = "all"
"""
SIZES = ("parameters", "operations")
SHOWN = (*SIZES, "frame_rate", "lut", "dsp", "block_ram", "energy_uj")


def planned(name: str, folder: Path) -> tuple[Point, ...]:
    """Every point of the target's space."""
    board, rate = TARGETS[name]
    study = folder / f"{name}.toml"
    study.parent.mkdir(parents=True, exist_ok=True)
    study.write_text(STUDY.format(name=name, board=board, rate=rate))
    engine = Engine(load_study(study), folder / name)
    engine.work(lambda step, done, wanted: print(f"{name}: {done} of {wanted}", flush=True))
    return results_of(engine).points


def largest(points: tuple[Point, ...]) -> dict[str, Any]:
    """By bits of the weights: how many points fit, and their front of size, the most parameters first."""
    found: dict[str, Any] = {}
    for bits in (4, 3, 2):
        mine = [p for p in points if p.params["quantization.weight_bits"] == bits]
        fit = [p for p in mine if not p.excluded]
        best = front([[p.figures[key] for key in SIZES] for p in fit], ["maximize"] * len(SIZES))
        shown = [
            {key.partition(".")[2]: value for key, value in fit[i].params.items() if "network" in key}
            | {key: round(fit[i].figures[key], 3) for key in SHOWN}
            for i in best
        ]
        ordered = sorted(shown, key=lambda one: -one["parameters"])
        found[f"{bits} bits"] = {"points": len(mine), "fit": len(fit), "front_of_size": ordered}
    return found


def size_tells() -> dict[str, float]:
    """Kendall's tau-b of accuracy (mean of the seeds) with each measure of size, over the networks trained."""
    trained: dict[tuple[int, int], set[float]] = {}  # a network that several figures share counts once
    for v in json.loads(TRAINED.read_text()):
        trained.setdefault((v["parameters"], v["operations"]), set()).add(v["top1"])
    columns = list(zip(*((*sizes, mean(top1)) for sizes, top1 in sorted(trained.items())), strict=True))
    taus = {key: round(float(kendalltau(columns[i], columns[2]).statistic), 2) for i, key in enumerate(SIZES)}
    return {"networks": len(trained), **taus}


def plot(document: dict[str, Any]) -> None:
    """Parameters against operations of each target's fronts."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 4), layout="constrained")
    for axes, (name, target) in zip(figure.subplots(1, len(TARGETS)), document["targets"].items(), strict=False):
        for bits, found in target.items():
            points = found["front_of_size"]
            label = f"{bits}: {found['fit']} of {found['points']} fit"
            axes.plot([p["parameters"] for p in points], [p["operations"] for p in points], "o-", label=label)
        axes.set(title=name, xlabel="parameters", ylabel="operations", xscale="log", yscale="log")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7)
    figure.savefig(RESULTS.with_suffix(".png"), dpi=110)


def main(folder: Path, names: list[str]) -> None:
    """Plan the targets, add them to the results, draw all."""
    document = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"targets": {}}
    document["short_trainings"] = {"kendall_with_accuracy": size_tells()}
    for name in names:
        document["targets"][name] = largest(planned(name, folder))
        RESULTS.write_text(json.dumps(document, indent=1) + "\n")
        plot(document)
    most = {
        f"{name}, {bits}": max((one["parameters"] for one in found["front_of_size"]), default=0)
        for name, target in document["targets"].items()
        for bits, found in target.items()
    }
    record("explore_boards", most)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] or list(TARGETS))
