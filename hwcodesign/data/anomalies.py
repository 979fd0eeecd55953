"""A data set for finding anomalies: some of its classes are normal, and trained on alone; all others are not."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hwcodesign.core.errors import UserError, did_you_mean
from hwcodesign.data.dataset import Dataset

CLASSES = ("normal", "anomaly")


def set_apart(dataset: Dataset, normal: Sequence[str]) -> Dataset:
    """The data set with the two CLASSES: training images of the `normal` ones alone, test images of both.

    Raises UserError for a class that there is not, and if one side has no images to test with.
    """
    for name in normal:
        if name not in dataset.classes:
            raise UserError(f"data.normal: {dataset.name} has no class {name!r}: {did_you_mean(name, dataset.classes)}")
    ours = np.isin(np.array(dataset.classes), np.array(normal))
    kept, labels = ours[dataset.train_labels], (~ours[dataset.test_labels]).astype(np.int64)
    for place, name in enumerate(CLASSES):
        if not (labels == place).any():
            raise UserError(
                f"data.normal = {list(normal)}: {dataset.name} has no test image that is {name}, so that nothing says "
                f"how well the two are told apart; its classes: {', '.join(dataset.classes)}"
            )
    if len(kept) and not kept.any():
        raise UserError(f"data.normal = {list(normal)}: {dataset.name} has no such training image")
    return replace(
        dataset,
        classes=CLASSES,
        train_images=dataset.train_images[kept],
        train_labels=np.zeros(int(kept.sum()), dtype=np.int64),
        test_labels=labels,
    )
