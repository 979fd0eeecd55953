"""Labelled images as plain arrays, and what every reader needs: scaling and a stratified split."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from hwcodesign.core.errors import UserError


@dataclass(frozen=True)
class Dataset:
    """Images are uint8 (count, height, width, channels), labels int64 (count,), an index into `classes`."""

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
            if len(images) == 0 or labels.shape != (len(images),):
                raise UserError(f"{where}: there are {len(images)}, with labels of shape {labels.shape}; "
                                f"there must be at least one, and one label for each")  # fmt: skip
            if labels.min() < 0 or labels.max() >= len(self.classes):
                raise UserError(f"{where} have labels {labels.min()} to {labels.max()}; with {len(self.classes)} "
                                f"classes they must be 0 to {len(self.classes) - 1}")  # fmt: skip


def resized(images: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """`images` (uint8 NHWC) scaled bilinearly to `size` (height, width); the same array if they have it already."""
    if images.shape[1:3] == tuple(size):
        return images
    height, width = size
    channels = images.shape[3]
    scaled = [_resize(image[:, :, 0] if channels == 1 else image, (width, height)) for image in images]
    return np.stack(scaled).reshape(len(images), height, width, channels)


def _resize(image: np.ndarray, width_height: tuple[int, int]) -> np.ndarray:
    return np.asarray(Image.fromarray(image).resize(width_height, Image.Resampling.BILINEAR))


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
