"""What became of classified images: counted by class, and the mistakes in order. For pictures and the report's page."""

from collections.abc import Sequence

import numpy as np


def confusion(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Counts (classes, classes): of images of the true class `row`, those predicted to be of `column`."""
    return np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)


def surest_mistakes(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The indices of wrong images, the surest first: by how far the predicted class's score lies above the true one's.

    `scores`: (images, classes); `labels`: (images,).
    """
    predicted = scores.argmax(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    margins = scores[wrong, predicted[wrong]] - scores[wrong, labels[wrong]]
    return wrong[np.argsort(-margins, kind="stable")]


def score_names(names: Sequence[object], scores: int) -> list[str]:
    """A name for each of `scores`: a family may pad its classes to an even number or a power of two."""
    return [*map(str, names), *(f"({number})" for number in range(len(names), scores))]


def top5(scores: np.ndarray, labels: np.ndarray) -> float:
    """The share of `labels` (images,) among the five highest of `scores` (images, classes); of equals the lower.

    It is how ImageNet's results are given.
    """
    best = np.argsort(-scores, axis=1, kind="stable")[:, :5]
    return float((best == labels[:, None]).any(axis=1).mean())
