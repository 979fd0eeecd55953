"""What a training is about to learn from, in a few lines."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hwcodesign.data.dataset import Dataset
from hwcodesign.data.survey import survey
from hwcodesign.recipe import DataTable


def summary(dataset: Dataset, table: DataTable, data_folder: Path | None) -> Iterator[str]:
    """Splits, classes, sizes and colour of a loaded data set; of a folder of pictures, also what was skipped."""
    if table.dataset == "folder" and data_folder is not None:
        yield from survey(data_folder).lines()
    else:
        splits = (("train", dataset.train_labels), ("test", dataset.test_labels))
        for split, labels in splits:
            known = labels if labels.ndim == 1 else labels[..., 0][labels[..., 0] >= 0].astype(np.int64)
            counts = np.bincount(known, minlength=len(dataset.classes))
            classes = ", ".join(f"{name} {count:,}" for name, count in zip(dataset.classes, counts, strict=True))
            boxes = "" if labels.ndim == 1 else f" with {len(known):,} boxes"
            yield f"{split}: {len(labels):,} images{boxes} of {len(dataset.classes)} classes ({classes})"
    height, width = table.size
    if table.log_mel is not None:
        yield f"the network takes {height} windows of {width} log-mel levels, {table.audio.rate:,} samples per second"
        return
    kind = "grey" if table.channels == 1 else "colour"
    yield f"the network takes them at {width}x{height} pixels in {kind}"
