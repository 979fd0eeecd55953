"""How well anomalies are told from what is normal on the held-out images: in integers, as the hardware computes it."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from hwcodesign.core.run_folder import RunFolder
from hwcodesign.core.score_map import INTEGERS
from hwcodesign.core.tasks.reconstruct import anomaly_scores, roc_auc
from hwcodesign.verify.images import Images

_BARS = 40


def draw(run: RunFolder, path: Path) -> bool:
    """The distributions of both anomaly scores, and the receiver operating characteristic; of another task nothing."""
    images = Images.held_out(run.stage("export") / "reference.npz")
    if images.labels is None or images.described.task != "reconstruct":
        return False
    with np.load(run.stage("export") / "reference.npz") as reference:
        errors = anomaly_scores(images.scored(reference["scores"], INTEGERS))
    normal, others = errors[images.labels == 0], errors[images.labels > 0]
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    spread, curve = figure.subplots(1, 2)
    edges = np.linspace(0, errors.max(), _BARS + 1)
    for some, name, color in ((normal, "normal", "#4a6fa5"), (others, "anomaly", "#b5482a")):
        shares = np.full(len(some), 1 / max(1, len(some)))
        spread.hist(some, edges, weights=shares, alpha=0.6, color=color, label=f"{len(some):,} {name}")
    spread.set_xlabel("anomaly score: mean squared error")
    spread.set_ylabel("share of the images")
    spread.legend(frameon=False)
    limits = np.sort(errors)[::-1]
    alarms, found = ([(some >= limit).mean() for limit in limits] for some in (normal, others))
    curve.plot([0, *alarms], [0, *found], color="#b5482a")
    curve.plot([0, 1], [0, 1], color="grey", linestyle="--", linewidth=0.8)
    curve.set_xlabel("share of the normal images that give an alarm")
    curve.set_ylabel("share of the anomalies that are found")
    for axes in (spread, curve):
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(f"{run.path.name}: ROC AUC {roc_auc(normal, others):.4f}", fontsize=10)
    figure.savefig(path, dpi=120)
    return True
