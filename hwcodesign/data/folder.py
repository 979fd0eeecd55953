"""Image folders: one subfolder per class, in the folder itself or in its subfolders train and test."""

from pathlib import Path

import numpy as np
from PIL import Image

from hwcodesign.core.errors import UserError
from hwcodesign.core.image_file import SUFFIXES, read_image
from hwcodesign.data.dataset import Dataset, stratified_split

HELD_OUT = 0.2
SPLIT_SEED = 0
_SHOWN = 10  # of the images that cannot be read


def read(folder: Path, channels: int, size: tuple[int, int]) -> Dataset:
    """Every image as `read_image` has it, scaled to `size` (height, width); classes in alphabetical order.

    Without train and test folders, a fifth of each class is held out. Raises UserError if a class has no images, if
    train and test have different classes, or if images cannot be read: which.
    """
    if not (folder / "train").is_dir():
        images, labels, classes = _read_classes(folder, channels, size)
        train, test = stratified_split(labels, HELD_OUT, SPLIT_SEED)
        return Dataset(folder.name, classes, images[train], labels[train], images[test], labels[test])
    train_images, train_labels, classes = _read_classes(folder / "train", channels, size)
    test_images, test_labels, test_classes = _read_classes(folder / "test", channels, size)
    if classes != test_classes:
        odd = sorted(set(classes) ^ set(test_classes))
        raise UserError(f"{folder}: train and test must have the same classes; only one of them has {', '.join(odd)}")
    return Dataset(folder.name, classes, train_images, train_labels, test_images, test_labels)


def _read_classes(folder: Path, channels: int, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}")
    classes = tuple(sorted(p.name for p in folder.iterdir() if p.is_dir()))
    if not classes:
        raise UserError(f"{folder} has no subfolders; it needs one for each class, with that class's images")
    images: list[np.ndarray] = []
    labels: list[int] = []
    faults: list[str] = []
    for label, name in enumerate(classes):
        paths = sorted(p for p in (folder / name).iterdir() if p.suffix.lower() in SUFFIXES)
        if not paths:
            faults.append(f"{folder / name} holds no images ({', '.join(SUFFIXES)})")
        for path in paths:
            try:
                images.append(_scaled(read_image(path, channels), channels, size))
                labels.append(label)
            except UserError as error:
                faults.append(str(error))
    if faults:
        more = [f"... and {len(faults) - _SHOWN} more"] if len(faults) > _SHOWN else []
        raise UserError("\n".join([*faults[:_SHOWN], *more]))
    return np.stack(images), np.array(labels, np.int64), classes


def _scaled(image: Image.Image, channels: int, size: tuple[int, int]) -> np.ndarray:
    scaled = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    return np.asarray(scaled).reshape(*size, channels)
