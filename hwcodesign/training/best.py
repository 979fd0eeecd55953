"""Which epoch of a training is kept."""

from typing import Any


def best_epoch(history: list[dict[str, Any]]) -> dict[str, Any]:
    """The epoch with the highest validation accuracy; of equals the latest, at the lowest learning rate.

    A quantized epoch beats every float one.
    """
    return max(history, key=lambda entry: (entry["quantized"], entry["validation_top1"], entry["epoch"]))
