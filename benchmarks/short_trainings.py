"""What a network's metaparameters and a training's settings are worth: many small networks, each trained for short.

    python benchmarks/short_trainings.py metaparameters FOLDER      FOLDER: CIFAR-10
    python benchmarks/short_trainings.py ablation FOLDER
    python benchmarks/short_trainings.py ablation FOLDER --seeds 2
    python benchmarks/short_trainings.py metaparameters FOLDER --seeds 2 --only SR --only bypass

`metaparameters` varies SqueezeNet's shape as section 5.5 of F. Iandola's dissertation does (its figures 5.3 and 5.4,
at 32x32 pixels and 4 bits); `ablation` changes one setting of the training at a time. Accuracy is that of the
validation images, a tenth of the training images: the test images choose nothing. It is what a short training gives,
so it ranks the variants for short trainings: settings that pay only after many epochs look worse here than they are.

Every result is written as it comes, into the .json beside this file; variants that are there already are not trained
again, so an interrupted sweep goes on where it was, and a network that two figures share is trained once. About half
an hour each on one core.

Of several seeds the plot shows the mean and the range, and their rank correlations say how far what one seed ranks is
the networks' doing and not chance.
"""

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.history import record
from hwcodesign.analyze.costs import costs
from hwcodesign.check.check import check_recipe
from hwcodesign.core.strict_toml import read_toml, validated
from hwcodesign.explore.results import Agreement, agreements
from hwcodesign.recipe import Recipe

HERE = Path(__file__).parent
BASE = HERE / "short_trainings.toml"
Changes = Mapping[str, Any]  # of a table's keys

# The metaparameters' figures, by the name of the one that varies.
SHAPES: dict[str, list[Changes]] = {
    "SR": [{"SR": ratio} for ratio in (0.125, 0.25, 0.5, 0.75, 1.0)],
    "pct_3x3": [{"pct_3x3": share} for share in (0.125, 0.25, 0.5, 0.75, 0.875)],
    "base_e": [{"base_e": filters, "incr_e": 32} for filters in (16, 32, 64)],
    "incr_e": [{"incr_e": filters} for filters in (0, 32, 64)],
    "bypass": [{"bypass": kind} for kind in ("none", "simple", "complex")],
    "pool_after": [{"pool_after": after} for after in (("fire2", "fire3"), ("fire3", "fire5"), ("fire5", "fire6"))],
}
# One change to the training each; the first is none.
SETTINGS: list[Changes] = [
    {},
    {"float_epochs": 0, "epochs": 5},
    {"schedule": "linear"},
    {"warmup_epochs": 0.0},
    {"optimizer": "sgd"},
    {"optimizer": "adam", "learning_rate": 0.002},
    {"weight_decay": 0.0},
    {"label_smoothing": 0.05},
    {"average": 0.99},
    {"mixup": 0.2},
    {"cutout": 8},
    {"flip": False},
    {"shift": 0},
    {"distillation": 0.5},
    {"learn_scales": False},
    {"initial": "msra"},
    {"float_precision": "float32"},
]


@dataclass(frozen=True)
class Variant:
    """A variant of the base recipe and what came of it. `changes` are those to the table that varies, `group` the
    figure that it is a point of. Accuracies are of the validation images; `epochs` are float and quantized.
    """

    group: str
    changes: dict[str, Any]
    seed: int
    parameters: int
    operations: int
    lut: int
    epochs: tuple[int, int]
    float_top1: float | None
    top1: float
    seconds: int


def variants(sweep: str) -> Iterator[tuple[str, str, Changes]]:
    """(group, the recipe's table, what changes in it)."""
    if sweep == "ablation":
        yield from (("training", "train", changes) for changes in SETTINGS)
    else:
        yield from ((group, "network", changes) for group, of_group in SHAPES.items() for changes in of_group)


def trained(base: Mapping[str, Any], table: str, changes: Changes, seed: int, data: Path) -> Variant:
    """Train one variant, of no group yet, in a folder that does not stay."""
    from hwcodesign.training.loop import train
    from hwcodesign.training.state import training_summary

    values = {**base, table: {**base[table], **changes}}
    values["train"] = {**values["train"], "seed": seed}
    recipe = validated(Recipe, {"name": "variant", **values}, str(BASE))
    network = recipe.describe()
    total = costs(network)
    with tempfile.TemporaryDirectory() as folder:
        found = train(recipe, data, Path(folder))
        summary = training_summary(recipe, found.checkpoint)
    return Variant(
        "", dict(changes), seed, total.parameters, total.operations, check_recipe(recipe).total.lut,
        (recipe.train.float_epochs, recipe.train.epochs), summary["float_validation_top1"], found.validation,
        summary["seconds"],
    )  # fmt: skip


def table(found: list[Variant]) -> Table:
    """All variants, for a terminal."""
    shown = Table("varied", "setting", "seed", "parameters", "operations", "LUT", "float", "4 bits", "s")
    for v in found:
        setting = ", ".join(f"{key} = {value}" for key, value in v.changes.items()) or "the base recipe"
        counts = (f"{v.parameters:,}", f"{v.operations / 1e6:.2f} M", f"{v.lut:,}")
        float_top1 = "" if v.float_top1 is None else f"{v.float_top1:.2%}"
        shown.add_row(v.group, setting, str(v.seed), *counts, float_top1, f"{v.top1:.2%}", str(v.seconds))
    return shown


def plot(found: list[Variant], path: Path) -> None:
    """Accuracy (of several seeds the mean, and their range) against parameters and operations, a line for each
    metaparameter.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.5), layout="constrained")
    for axes, what in zip(figure.subplots(1, 2, sharey=True), ("parameters", "operations"), strict=True):
        for group in dict.fromkeys(v.group for v in found):
            mine = sorted(by_setting(found, group), key=lambda seeds: getattr(seeds[0], what))
            sizes = [getattr(seeds[0], what) for seeds in mine]
            means = [100 * statistics.mean(v.top1 for v in seeds) for seeds in mine]
            ends = [[100 * end(v.top1 for v in seeds) for seeds in mine] for end in (min, max)]
            ranges = [[mean - low for mean, low in zip(means, ends[0], strict=True)],
                      [high - mean for mean, high in zip(means, ends[1], strict=True)]]  # fmt: skip
            axes.errorbar(sizes, means, ranges, fmt="o-", capsize=2, label=group)
            for size, mean, seeds in zip(sizes, means, mine, strict=True):
                axes.annotate(_short(seeds[0].changes[group]), (size, mean), fontsize=6)
        axes.set(xlabel=what, xscale="log")
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("validation accuracy at 4 bits, %")
    figure.axes[0].legend(fontsize=7)
    figure.savefig(path, dpi=120)


def by_setting(found: list[Variant], group: str) -> list[list[Variant]]:
    """Those of a figure, of every setting all seeds."""
    settings: dict[str, list[Variant]] = {}
    for variant in found:
        if variant.group == group:
            settings.setdefault(json.dumps(variant.changes, sort_keys=True), []).append(variant)
    return list(settings.values())


def agreement(found: list[Variant]) -> dict[str, Agreement]:
    """How alike the seeds rank the networks that they have trained."""
    accuracies: dict[str, dict[tuple[int, int, int], float]] = {}
    for v in found:  # a network that several figures share counts once
        accuracies.setdefault(f"seed {v.seed}", {})[v.parameters, v.operations, v.lut] = v.top1
    return agreements(accuracies)


def _name(variant: Variant) -> str:
    """By which its accuracy (in %) is kept."""
    changes = ", ".join(f"{key} {_short(value)}" for key, value in variant.changes.items()) or "as it is"
    return f"{variant.group}: {changes}, seed {variant.seed}"


def _short(value: Any) -> str:
    return "+".join(value) if isinstance(value, list | tuple) else str(value)


def main() -> None:
    """Train what is not in the .json yet, then print the table and draw the plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sweep", choices=("metaparameters", "ablation"))
    parser.add_argument("data", type=Path, help="the folder with CIFAR-10")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds of each variant (default: 1)")
    parser.add_argument("--only", action="append", metavar="FIGURE", help="only the variants of this metaparameter")
    given = parser.parse_args()
    if unknown := set(given.only or ()) - {group for group, _, _ in variants(given.sweep)}:
        parser.error(f"no figure {', '.join(sorted(unknown))}; there are {', '.join(SHAPES)}")
    results = HERE / f"{given.sweep}.json"
    found = [Variant(**values) for values in json.loads(results.read_text())] if results.exists() else []
    base = read_toml(BASE)
    for seed in range(1, given.seeds + 1):
        for group, of_table, changes in variants(given.sweep):
            if given.only and group not in given.only:
                continue
            as_json = json.loads(json.dumps(changes))
            same = [
                v for v in found if v.seed == seed and {**base[of_table], **v.changes} == {**base[of_table], **as_json}
            ]
            if any((v.group, v.changes) == (group, as_json) for v in same):
                continue
            made = same[0] if same else trained(base, of_table, as_json, seed, given.data)
            found.append(replace(made, group=group, changes=as_json))
            results.write_text(json.dumps([asdict(v) for v in found], indent=1) + "\n")
    if given.sweep == "metaparameters":
        plot(found, results.with_suffix(".png"))
        for pair, (rho, tau, networks) in agreement(found).items():
            print(f"{pair} rank {networks} networks alike: {rho:.2f} (Spearman), {tau:.2f} (Kendall)")
    Console(width=150).print(table(found))
    record(given.sweep, {_name(variant): round(100 * variant.top1, 2) for variant in found})


if __name__ == "__main__":
    main()
