"""To give the input back, trained on what is normal alone: what comes back badly is an anomaly.

The anomaly score of a frame is the mean squared error of its reconstruction (C. Banbury et al., MLPerf Tiny benchmark,
2021). Judged by the area under the receiver operating characteristic (ROC AUC).
"""

from math import prod

import numpy as np

from hwcodesign.core.score_map import ScoreMap
from hwcodesign.core.tasks.task import Answer, Metric, Scored, Shape


class Reconstruct:
    """A score for each number of the input, in its order: row by row, channels innermost."""

    validation = Metric("mse", "reconstruction error", "less", "{:.5f}", phrase="reconstruction error {}")
    test: tuple[Metric, ...] = (Metric("auc", "ROC AUC", "more", "{:.4f}", phrase="AUC {}"),)
    needed: tuple[str, ...] = ("data.normal",)
    unused: tuple[str, ...] = (
        "data.anchors",
        "data.top5",
        "train.label_smoothing",
        "train.mixup",
        "train.cutmix",
    )

    def outputs(self, image: Shape, classes: int) -> int:
        return prod(image)

    def figures(self, scored: Scored) -> dict[str, float]:
        """auc; nothing without labels, or where all frames are normal, or none."""
        if scored.labels is None or len(np.unique(scored.labels)) < 2:
            return {}
        anomalous = scored.labels > 0
        errors = anomaly_scores(scored)
        return {"auc": roc_auc(errors[~anomalous], errors[anomalous])}

    def decided(self, scores: np.ndarray, meaning: ScoreMap) -> np.ndarray | None:
        return None

    def answers(self, scored: Scored) -> list[list[Answer]]:
        """How anomalous each frame is."""
        return [[Answer("", float(error))] for error in anomaly_scores(scored)]


def anomaly_scores(scored: Scored) -> np.ndarray:
    """(N,) float64: the mean squared error of what the scores mean against the frames as the network takes them,
    (raw - mean) / divisor.
    """
    pictures = scored.pictures
    wanted = ((scored.frames - np.array(pictures.mean)) / np.array(pictures.divisor)).reshape(len(scored.frames), -1)
    given = scored.meaning.affine(scored.scores)[:, : wanted.shape[1]]  # a family may give some more
    errors: np.ndarray = np.square(given - wanted).mean(axis=1)
    return errors


def roc_auc(normal: np.ndarray, anomalous: np.ndarray) -> float:
    """The share of pairs of a normal score and an anomalous one in which the latter is higher; equal ones count half.

    That is the area under the curve (J. Hanley, B. McNeil, 1982).
    """
    ordered = np.sort(normal)
    below = (np.searchsorted(ordered, anomalous, side) for side in ("left", "right"))
    return float(sum(places.sum() for places in below)) / (2 * len(normal) * len(anomalous))
