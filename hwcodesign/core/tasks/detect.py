"""To find objects: a map of scores becomes boxes on the host (core/boxes.py). Judged by the mean average precision.

Of each class, the precision of its boxes averaged over recall, a box being right if it and a true one share at least
half of what both cover; the mean of all classes, by pycocotools (T.-Y. Lin et al., Microsoft COCO, 2014).
"""

import io
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Any

import numpy as np

from hwcodesign.core import packages
from hwcodesign.core.boxes import Anchors, Detections, detect
from hwcodesign.core.errors import UserError
from hwcodesign.core.score_map import ScoreMap
from hwcodesign.core.tasks.task import Answer, Metric, Scored, Shape

IOU = 0.5
THRESHOLD = 0.02  # for average precision nearly every box counts
LIKELY = 0.35  # for people, what is likely


class Detect:
    """Of each anchor at each place of the map, scores of the classes, the confidence, and how it becomes a box.

    A picture's labels are (most, 5): class, left, top, right, bottom in pixels; class -1 where there are no more boxes.
    """

    validation = Metric("loss", "detection loss", "less", "{:.3f}", phrase="detection loss {}")
    test: tuple[Metric, ...] = (Metric("map50", "mAP at IoU 0.5", "more", "{:.4f}", phrase="mAP {}"),)
    needed: tuple[str, ...] = ("data.anchors",)
    unused: tuple[str, ...] = (
        *("data.normal", "data.top5", "train.shift", "train.flip", "train.cutout", "train.zoom"),
        *("train.mixup", "train.cutmix"),
        *("train.label_smoothing", "train.distillation"),
    )

    def outputs(self, image: Shape, classes: int) -> int:
        return classes

    def figures(self, scored: Scored) -> dict[str, float]:
        """map50; nothing without labels, or where the scores are no map."""
        if scored.labels is None or scored.meaning.shape is None:
            return {}
        return {"map50": average_precision(detections(scored, THRESHOLD), scored.labels)}

    def decided(self, scores: np.ndarray, meaning: ScoreMap) -> np.ndarray | None:
        return None

    def answers(self, scored: Scored) -> list[list[Answer]]:
        """Of each picture the likely boxes, the surest first: what is there, and its corners in pixels."""
        return [_told(found, scored) for found in detections(scored, LIKELY)]


def detections(scored: Scored, threshold: float) -> list[Detections]:
    """What is seen in each picture. UserError for scores that are no map, or of unknown anchors."""
    pictures, shape = scored.pictures, scored.meaning.shape
    if shape is None or not pictures.anchors:
        raise UserError("this network was not trained to detect by a recipe: its scores are no map with known anchors")
    anchors = Anchors(pictures.anchors, pictures.preprocessing.size)
    real = scored.meaning.affine(scored.scores).reshape(len(scored.scores), *shape)
    return [detect(each, anchors, threshold) for each in real]


def average_precision(found: Sequence[Detections], labels: np.ndarray) -> float:
    """The mean over all classes of which there are boxes in `labels` (N, most, 5); 0 where nothing was found."""
    packages.require("pycocotools")
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    true: list[dict[str, Any]] = [
        {"id": 0, "image_id": image, "category_id": int(box[0]) + 1, "bbox": _by_sides(box[1:]), "iscrowd": 0,
         "area": float(np.prod(box[3:] - box[1:3]))}
        for image, boxes in enumerate(labels) for box in boxes if box[0] >= 0
    ]  # fmt: skip
    seen: list[dict[str, Any]] = [
        {"image_id": image, "category_id": int(label) + 1, "bbox": _by_sides(box), "score": float(score)}
        for image, some in enumerate(found)
        for box, score, label in zip(some.boxes, some.scores, some.classes, strict=True)
    ]
    if not true or not seen:
        return 0.0
    truth = COCO()
    truth.dataset = {
        "images": [{"id": image} for image in range(len(labels))],
        "categories": [{"id": number} for number in sorted({entry["category_id"] for entry in (*true, *seen)})],
        "annotations": [entry | {"id": number} for number, entry in enumerate(true, start=1)],
    }
    with redirect_stdout(io.StringIO()):  # it tells of every step
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(seen), "bbox")
        evaluation.params.iouThrs = np.array([IOU])
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][0, :, :, 0, -1]  # by recall and class, all sizes, 100 boxes a picture
    return float(precision[precision > -1].mean())


def _by_sides(corners: np.ndarray) -> list[float]:
    """Left, top, width, height."""
    left, top, right, bottom = (float(number) for number in corners)
    return [left, top, right - left, bottom - top]


def _told(found: Detections, scored: Scored) -> list[Answer]:
    names = scored.pictures.names(int(found.classes.max(initial=0)) + 1)
    return [
        Answer(f"{names[label]} from ({box[0]:.0f}, {box[1]:.0f}) to ({box[2]:.0f}, {box[3]:.0f})", float(score))
        for box, score, label in zip(found.boxes, found.scores, found.classes, strict=True)
    ]
