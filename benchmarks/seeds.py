"""How much a recipe's accuracy varies with the seed: the same training from several, each measured on all test images.

    python benchmarks/seeds.py cifar10-squeezenet FOLDER --seeds 1 2 3

Every seed is a run of its own, runs/NAME-seedN, trained and lowered to the integer graph, which must equal the trained
network in every score of every image. A training that was interrupted goes on where it was, one that is done is not
repeated, and for the seed whose trained files come with the recipe these are taken. Results go into seeds.json beside
this file as they come, so seeds may train side by side: start this for each of them (one core each), and at the end
for all.
"""

import argparse
import json
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.history import record
from hwcodesign.core.run_folder import RunFolder
from hwcodesign.flow.pipeline import run_job
from hwcodesign.job import Job
from hwcodesign.recipe import load_recipe, shipped_with

RESULTS = Path(__file__).with_suffix(".json")


@dataclass(frozen=True)
class Result:
    """Of one seed. `float_top1` and `validation_top1` are of the validation images, `top1` of the `images` for testing,
    of which `differ` have another score in the integer graph. `seconds`: of training.
    """

    recipe: str
    seed: int
    float_top1: float | None
    validation_top1: float
    top1: float
    images: int
    differ: int
    seconds: int
    device: str


def measured(name_or_path: str, seed: int, data: Path, runs: Path, console: Console) -> Result:
    """Train the recipe with `seed`, or take the trained files that are of it, and lower."""
    recipe = load_recipe(name_or_path)
    shipped = shipped_with(name_or_path) if seed == recipe.train.seed else None
    name = f"{recipe.name}-seed{seed}"
    seeded = recipe.model_copy(update={"name": name, "train": recipe.train.model_copy(update={"seed": seed})})
    job = Job(RunFolder(runs / name), recipe.hardware, seeded, data_folder=data, shipped=shipped)
    report = run_job(job, console, first="lower" if shipped else None, last="lower")
    reference = json.loads((job.run.stage("export") / "reference.json").read_text())
    training, lowered = reference["training"], report["lower"]
    return Result(
        recipe.name, seed, training["float_validation_top1"], training["validation_top1"], reference["top1"],
        lowered["images"], lowered["mismatches"], training["seconds"], training["device"],
    )  # fmt: skip


def keep(result: Result) -> list[Result]:
    """Put `result` among those of before, in order; all of its recipe."""
    before = [Result(**values) for values in json.loads(RESULTS.read_text())] if RESULTS.exists() else []
    others = [r for r in before if (r.recipe, r.seed) != (result.recipe, result.seed)]
    found = sorted([*others, result], key=lambda r: (r.recipe, r.seed))
    RESULTS.write_text(json.dumps([asdict(r) for r in found], indent=1) + "\n")
    return [r for r in found if r.recipe == result.recipe]


def table(found: list[Result]) -> Table:
    """All seeds of a recipe, and how far they spread."""
    shown = Table("seed", "float, validation", "quantized, validation", "test", "images", "differ", "s", "device")
    for r in found:
        float_top1 = "" if r.float_top1 is None else f"{r.float_top1:.2%}"
        accuracies = (float_top1, f"{r.validation_top1:.2%}", f"{r.top1:.2%}")
        shown.add_row(str(r.seed), *accuracies, f"{r.images:,}", str(r.differ), f"{r.seconds:,}", r.device)
    top1 = [r.top1 for r in found]
    if len(top1) > 1:
        shown.caption = (f"test accuracy: mean {statistics.mean(top1):.2%}, from {min(top1):.2%} to {max(top1):.2%}, "
                         f"standard deviation {statistics.stdev(top1):.2%}")  # fmt: skip
    return shown


def main() -> None:
    """Measure the seeds one after the other, then print all that are known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe")
    parser.add_argument("data", type=Path, help="the folder with the recipe's images")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="(default: 1 2 3)")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where the runs lie (default: runs)")
    given = parser.parse_args()
    console = Console(width=140)
    for seed in given.seeds:
        found = keep(measured(given.recipe, seed, given.data, given.runs, console))
    console.print(table(found))
    top1 = [100 * result.top1 for result in found]
    figures = {"seeds": len(top1), "mean test accuracy, %": round(statistics.mean(top1), 2)}
    spread = {"standard deviation, points": round(statistics.stdev(top1), 2)} if len(top1) > 1 else {}
    record("seeds", {f"{found[0].recipe}: {name}": value for name, value in (figures | spread).items()})


if __name__ == "__main__":
    main()
