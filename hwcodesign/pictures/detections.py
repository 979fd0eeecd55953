"""What a detector finds in the first held-out pictures, in integers, as the hardware computes it, boxes by the host."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from hwcodesign.core.run_folder import RunFolder
from hwcodesign.core.tasks.detect import LIKELY, detections
from hwcodesign.dataflow import Dataflow
from hwcodesign.export.picture_task import as_seen
from hwcodesign.verify.images import Images

_ROWS, _COLUMNS = 2, 4


def draw(run: RunFolder, path: Path) -> bool:
    """Found boxes in red with their class, true ones in green; of another task nothing."""
    images = Images.held_out(run.stage("export") / "reference.npz").first(_ROWS * _COLUMNS)
    if images.labels is None or images.scores is None or images.described.task != "detect":
        return False
    meaning, names = Dataflow.load(run.stage("lower")).score_map, images.described.class_names
    seen = detections(images.scored(images.scores, meaning), LIKELY)
    figure = Figure(figsize=(3 * _COLUMNS, 3 * _ROWS + 0.4), layout="constrained")
    grid = figure.subplots(_ROWS, _COLUMNS, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    for axes, frame, labels, found in zip(grid, as_seen(run, images.frames), images.labels, seen, strict=False):
        axes.imshow(frame if frame.shape[2] == 3 else frame[:, :, 0], cmap="gray", vmin=0, vmax=255)
        for _, left, top, right, bottom in labels[labels[:, 0] >= 0]:
            axes.add_patch(_box((left, top, right, bottom), "#3a9a4a", 1.0))
        for box, label in zip(found.boxes, found.classes, strict=True):
            axes.add_patch(_box(box, "#d0482a", 1.6))
            axes.text(box[0] + 0.5, box[1] + 0.5, names[label], color="#ff9a80", fontsize=7, va="top")
    figure.suptitle(f"{run.path.name}: found boxes in red, true ones in green", fontsize=10)
    figure.savefig(path, dpi=110)
    return True


def _box(corners: Sequence[float], color: str, width: float) -> Rectangle:
    """Around pixels, whose middles have whole coordinates."""
    left, top, right, bottom = corners
    corner = (left - 0.5, top - 0.5)
    return Rectangle(corner, right - left, bottom - top, fill=False, edgecolor=color, linewidth=width)
