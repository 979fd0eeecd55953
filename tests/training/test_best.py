"""The epoch that is kept."""

from hwcodesign.training.best import best_epoch


def entry(epoch: int, top1: float, quantized: bool = True) -> dict[str, object]:
    return {"epoch": epoch, "validation_top1": top1, "quantized": quantized}


def test_of_equal_epochs_the_latest_is_kept() -> None:
    assert best_epoch([entry(1, 0.5), entry(2, 0.9), entry(3, 0.9), entry(4, 0.8)])["epoch"] == 3


def test_a_quantized_epoch_beats_every_float_one() -> None:
    assert best_epoch([entry(1, 0.99, quantized=False), entry(2, 0.1)])["epoch"] == 2
