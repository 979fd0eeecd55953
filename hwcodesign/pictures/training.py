"""Loss, what validation tells, and learning rate over the epochs."""

import json
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from hwcodesign.core.run_folder import RunFolder
from hwcodesign.export.picture_task import task_of_run
from hwcodesign.training.best import best_epoch, key_of


def draw(run: RunFolder, path: Path) -> bool:
    """From metrics.jsonl, one line an epoch; there is none of random weights."""
    metrics = run.stage("train") / "metrics.jsonl"
    if not metrics.exists():
        return False
    epochs: list[dict[str, Any]] = [json.loads(line) for line in metrics.read_text().splitlines()]
    metric = task_of_run(run).validation
    key = key_of(metric)
    curves = (("loss", "loss"), (key, f"validation {metric.title}"), ("learning_rate", "learning rate"))
    figure = Figure(figsize=(7, 7.5), layout="constrained")
    for axes, (key, label) in zip(figure.subplots(3, sharex=True), curves, strict=True):
        axes.plot(range(len(epochs)), [epoch[key] for epoch in epochs], color="#4a6fa5")
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("epoch")
    best = best_epoch(epochs, metric)
    quantized_from = [epoch["quantized"] for epoch in epochs].index(True)
    if quantized_from:
        for axes in figure.axes:
            axes.axvline(quantized_from - 0.5, color="grey", linestyle="--", linewidth=0.8)
        figure.axes[0].annotate("quantizers on", (quantized_from - 0.4, 0.95), xycoords=("data", "axes fraction"))
    figure.axes[1].plot(best["epoch"], best[key], "o", color="#b5482a")
    figure.suptitle(
        f"{run.path.name}: best in epoch {best['epoch']}, {metric.said(best[key])} of the validation images",
        fontsize=10,
    )
    figure.savefig(path, dpi=120)
    return True
