"""Which epoch of a training is kept."""

from typing import Any

from hwcodesign.core.tasks import Metric


def key_of(metric: Metric) -> str:
    """What the validation images' figure is called in an epoch's entry of the history, and in what is made of it."""
    return f"validation_{metric.key}"


def best_epoch(history: list[dict[str, Any]], metric: Metric) -> dict[str, Any]:
    """The epoch that is best on the validation images by `metric`; of equals the latest, at the lowest learning rate.

    A quantized epoch beats every float one.
    """
    key, sign = key_of(metric), 1 if metric.better == "more" else -1
    return max(history, key=lambda entry: (entry["quantized"], sign * entry[key], entry["epoch"]))
