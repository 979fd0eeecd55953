"""How often the label is among the five best classes, as ImageNet's results are given."""

import numpy as np


def top5(scores: np.ndarray, labels: np.ndarray) -> float:
    """The share of `labels` (images,) among the five highest of `scores` (images, classes); of equals the lower."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :5]
    return float((best == labels[:, None]).any(axis=1).mean())
