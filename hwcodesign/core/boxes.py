"""Boxes out of a detector's map of scores, as SqueezeDet has them (B. Wu et al., SqueezeDet, 2017, section 3.1).

Every pixel of the map has anchors: boxes of given sizes around its place in the picture. Of each anchor the map holds,
one after the other, a score for each class, one for the confidence, and dx, dy, dw, dh, by which the anchor becomes
the box: its centre moves by dx widths and dy heights of the anchor, its sides grow by exp(dw) and exp(dh). The
confidence is the sigmoid of its score; times the softmax of a class's score it is how likely there is an object of it.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

BOX_NUMBERS = 5  # of an anchor, behind its classes: confidence, dx, dy, dw, dh
MOST_GROWTH = 4.0  # of dw and dh: exp of more would be larger than any picture


class Detections(NamedTuple):
    """What is seen in one picture, the surest first.

    `boxes` (N, 4) float64: left, top, right, bottom in pixels; `scores` (N,) 0 to 1; `classes` (N,) int64.
    """

    boxes: np.ndarray
    scores: np.ndarray
    classes: np.ndarray


@dataclass(frozen=True)
class Anchors:
    """Boxes of `sizes` (height, width in pixels) around the middle of every cell of a picture of (height, width)."""

    sizes: tuple[tuple[float, float], ...]
    picture: tuple[int, int]

    def boxes(self, rows: int, columns: int) -> np.ndarray:
        """(rows * columns * anchors, 4): centre's x and y, width, height; in the order of the map's scores."""
        ys, xs = ((np.arange(n) + 0.5) * side / n for n, side in zip((rows, columns), self.picture, strict=True))
        found = np.empty((rows, columns, len(self.sizes), 4))
        found[..., 0], found[..., 1] = xs[None, :, None], ys[:, None, None]
        found[..., 2], found[..., 3] = np.array(self.sizes)[:, 1], np.array(self.sizes)[:, 0]
        return found.reshape(-1, 4)


def moved(anchors: np.ndarray, changes: np.ndarray) -> np.ndarray:
    """The boxes (N, 4), left, top, right, bottom, that `anchors` (N, 4) become by `changes` (N, 4): dx, dy, dw, dh."""
    centres = anchors[:, :2] + changes[:, :2] * anchors[:, 2:]
    sides = anchors[:, 2:] * np.exp(np.minimum(changes[:, 2:], MOST_GROWTH))
    return np.concatenate([centres - sides / 2, centres + sides / 2], axis=1)


def changes_to(anchors: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """The inverse of `moved`: the changes (N, 4) that make the anchors these boxes."""
    sides = boxes[:, 2:] - boxes[:, :2]
    centres = boxes[:, :2] + sides / 2
    return np.concatenate([(centres - anchors[:, :2]) / anchors[:, 2:], np.log(sides / anchors[:, 2:])], axis=1)


def overlap(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of `boxes` (..., 4) with `others` (..., 4), one with one, as numpy broadcasts them."""
    low, high = np.maximum(boxes[..., :2], others[..., :2]), np.minimum(boxes[..., 2:], others[..., 2:])
    shared = np.clip(high - low, 0, None).prod(axis=-1)
    areas = ((x[..., 2:] - x[..., :2]).prod(axis=-1) for x in (boxes, others))
    together: np.ndarray = shared / np.maximum(sum(areas) - shared, 1e-9)
    return together


def detect(
    scores: np.ndarray, anchors: Anchors, threshold: float = 0.3, most_overlap: float = 0.4, most: int = 100
) -> Detections:
    """What a picture's real `scores` (rows, columns, anchors * (classes + 5)) say there is.

    Boxes less likely than `threshold` are left out; of two of one class that overlap by more than `most_overlap` the
    less likely one is. At most `most` are given, cut at the picture's border.
    """
    rows, columns, channels = scores.shape
    each = scores.reshape(rows * columns * len(anchors.sizes), channels // len(anchors.sizes))
    likely = _likely(each)
    classes = likely.argmax(axis=1)
    sure = likely.max(axis=1)
    boxes = moved(anchors.boxes(rows, columns), each[:, 1 - BOX_NUMBERS :])
    height, width = anchors.picture
    boxes = np.clip(boxes, 0, [width, height, width, height])
    order = np.argsort(-sure, kind="stable")
    order = order[sure[order] >= threshold]
    kept: list[int] = []
    for candidate in order:
        same = [k for k in kept if classes[k] == classes[candidate]]
        if not same or overlap(boxes[candidate], boxes[same]).max() <= most_overlap:
            kept.append(int(candidate))
        if len(kept) == most:
            break
    return Detections(boxes[kept], sure[kept], classes[kept].astype(np.int64))


def _likely(each: np.ndarray) -> np.ndarray:
    """(anchors, classes): how likely there is an object of each class."""
    logits, confidence = each[:, :-BOX_NUMBERS], each[:, -BOX_NUMBERS]
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    sigmoid = np.tanh(confidence / 2) / 2 + 0.5  # without the overflow of exp(-x)
    likely: np.ndarray = powers / powers.sum(axis=1, keepdims=True) * sigmoid[:, None]
    return likely
