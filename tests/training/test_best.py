"""The epoch that is kept."""

from hwcodesign.core.tasks import TASKS, Metric
from hwcodesign.training.best import best_epoch, key_of

TOP1 = TASKS["classify"].validation


def entry(epoch: int, top1: float, quantized: bool = True) -> dict[str, object]:
    return {"epoch": epoch, "validation_top1": top1, "quantized": quantized}


def test_of_equal_epochs_the_latest_is_kept() -> None:
    assert best_epoch([entry(1, 0.5), entry(2, 0.9), entry(3, 0.9), entry(4, 0.8)], TOP1)["epoch"] == 3


def test_a_quantized_epoch_beats_every_float_one() -> None:
    assert best_epoch([entry(1, 0.99, quantized=False), entry(2, 0.1)], TOP1)["epoch"] == 2


def test_of_a_figure_of_which_less_is_better_the_least_is_kept() -> None:
    error = Metric("mse", "error", "less")
    history = [{"epoch": i, key_of(error): value, "quantized": True} for i, value in enumerate((3.0, 1.0, 2.0))]
    assert best_epoch(history, error)["epoch"] == 1
