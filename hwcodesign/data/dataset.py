"""Labelled images as plain arrays, and a stratified split of them."""

from dataclasses import dataclass

import numpy as np

from hwcodesign.core.errors import UserError


@dataclass(frozen=True)
class Dataset:
    """Images are uint8 (count, height, width, channels), labels int64 (count,), an index into `classes`.

    Of pictures with boxes labels are float64 (count, most, 5): see core/tasks/detect.py.

    There may be no training images; test images there are always.
    """

    name: str
    classes: tuple[str, ...]
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray

    def __post_init__(self) -> None:
        """Raises UserError if the arrays do not fit each other."""
        splits = (("train", self.train_images, self.train_labels), ("test", self.test_images, self.test_labels))
        for split, images, labels in splits:
            where = f"{self.name}: the {split} images"
            if images.ndim != 4 or images.dtype != np.uint8:
                raise UserError(f"{where} are {images.dtype} of shape {images.shape}; they must be uint8 of "
                                f"(count, height, width, channels)")  # fmt: skip
            if labels.shape[:1] != (len(images),) or labels.ndim not in (1, 3) or (split == "test" and not len(images)):
                raise UserError(f"{where}: there are {len(images)}, with labels of shape {labels.shape}; "
                                f"there must be at least one, and one label for each")  # fmt: skip
            if labels.ndim == 1 and len(labels) and (labels.min() < 0 or labels.max() >= len(self.classes)):
                raise UserError(f"{where} have labels {labels.min()} to {labels.max()}; with {len(self.classes)} "
                                f"classes they must be 0 to {len(self.classes) - 1}")  # fmt: skip


HELD_OUT = 0.2  # of the images of a data set that comes without a part of its own for the test
SPLIT_SEED = 0  # the split is a property of the data set: no recipe moves it


def held_apart(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices (training, test) into a data set that is whole: the same ones every time."""
    return stratified_split(labels, HELD_OUT, SPLIT_SEED)


def strata(labels: np.ndarray) -> np.ndarray:
    """(count,) int64, of which every share of a data set has its share: classes, or how many boxes a picture has."""
    return labels if labels.ndim == 1 else (labels[..., 0] >= 0).sum(axis=1)


def stratified_split(labels: np.ndarray, held_out: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices (kept, held out), each sorted; of every class the same fraction is held out, rounded.

    A class of two or more has at least one on each side; of a class of one nothing is held out.
    """
    random = np.random.default_rng(seed)
    taken = []
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        taken.append(members[: min(max(1, round(len(members) * held_out)), len(members) - 1)])
    test = np.sort(np.concatenate(taken))
    return np.setdiff1d(np.arange(len(labels)), test), test
