"""What the network gets right and wrong on the held-out images: in integers, as the hardware computes it."""

import json
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from hwcodesign.core.classified import confusion, score_names, surest_mistakes
from hwcodesign.core.run_folder import RunFolder
from hwcodesign.export.picture_task import as_seen
from hwcodesign.verify.images import Images

_MOST_CLASSES_NAMED = 40
_ROWS, _COLUMNS = 5, 10


def draw_confusion(run: RunFolder, path: Path) -> bool:
    """Rows: the true classes; columns: the predicted ones."""
    images = Images.held_out(run.stage("export") / "reference.npz")
    if images.labels is None or images.described.task != "classify":
        return False
    scores = _real_scores(run)
    names, taken = _class_names(run, scores.shape[1]), scores.argmax(axis=1)
    counts = confusion(images.labels, taken, len(names))
    figure = Figure(figsize=(max(5.0, 0.45 * min(len(names), _MOST_CLASSES_NAMED)),) * 2, layout="constrained")
    axes = figure.subplots()
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    if len(names) <= _MOST_CLASSES_NAMED:
        axes.set_xticks(range(len(names)), names, rotation=90)
        axes.set_yticks(range(len(names)), names)
        for (row, column), count in np.ndenumerate(counts):
            if count:
                colour = "white" if shares[row, column] > 0.5 else "black"
                axes.text(column, row, str(count), ha="center", va="center", fontsize=7, color=colour)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    right = np.trace(counts) / counts.sum()
    axes.set_title(f"{run.path.name}: {100 * right:.2f} % of {counts.sum():,} held-out images", fontsize=10)
    figure.savefig(path, dpi=120)
    return True


def draw_misclassified(run: RunFolder, path: Path) -> bool:
    """The mistakes, the surest first: by how far the score of the wrong class lies above that of the right one."""
    images = Images.held_out(run.stage("export") / "reference.npz")
    if images.labels is None or images.described.task != "classify":
        return False
    scores = _real_scores(run)
    names, taken = _class_names(run, scores.shape[1]), scores.argmax(axis=1)
    wrong = surest_mistakes(scores, images.labels)
    shown = wrong[: _ROWS * _COLUMNS]
    if not len(shown):
        return False
    columns = min(_COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(max(6.0, 1.2 * columns), 1.5 * rows + 0.5), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    for axes, index in zip(grid, shown, strict=False):
        frame = as_seen(run, images.frames[index])
        axes.imshow(frame if frame.shape[2] == 3 else frame[:, :, 0], cmap="gray", vmin=0, vmax=255)
        axes.set_title(f"{names[images.labels[index]]}, not {names[taken[index]]}\nno. {index}", fontsize=7)
    figure.suptitle(f"{run.path.name}: {len(wrong):,} of {len(taken):,} held-out images are predicted as another class"
                    f"{'' if len(wrong) == len(shown) else f'; the surest {len(shown)}'}", fontsize=10)  # fmt: skip
    figure.savefig(path, dpi=120)
    return True


def _real_scores(run: RunFolder) -> np.ndarray:
    """(images, classes): where classes have biases, the highest integer need not be the best class."""
    with np.load(run.stage("export") / "reference.npz") as reference:
        found: np.ndarray = reference["scores"]
        return found


def _class_names(run: RunFolder, scores: int) -> list[str]:
    described = json.loads((run.stage("export") / "reference.json").read_text())
    return score_names(described.get("classes") or [], scores)
