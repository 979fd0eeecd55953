"""The learning rate over a training: warm-up, then a linear or a cosine fall to zero, once in each phase.

A training has up to two phases: `float_epochs` with the quantizers off, then `epochs` with them on. The second starts
from the first's weights, at the fraction `quantized_rate` of the learning rate.
"""

import math

from hwcodesign.recipe import TrainTable


def total_epochs(schedule: TrainTable) -> int:
    """Epochs of both phases."""
    return schedule.float_epochs + schedule.epochs


def quantizes(schedule: TrainTable, epoch: int) -> bool:
    """Whether the quantizers are on in `epoch`, counted from 0 over both phases."""
    return epoch >= schedule.float_epochs


def learning_rate(schedule: TrainTable, when: float) -> float:
    """The rate `when` so many epochs are over (a fraction within an epoch)."""
    if quantizes(schedule, int(when)):
        peak = schedule.learning_rate * (schedule.quantized_rate if schedule.float_epochs else 1.0)
        return peak * _shape(schedule, when - schedule.float_epochs, schedule.epochs)
    return schedule.learning_rate * _shape(schedule, when, schedule.float_epochs)


def _shape(schedule: TrainTable, past: float, epochs: int) -> float:
    """Rises from 0 to 1 over the warm-up and falls back to 0 at `epochs`."""
    warmup = min(schedule.warmup_epochs, epochs / 2)
    if past < warmup:
        return past / warmup
    done = (past - warmup) / (epochs - warmup)
    return 1 - done if schedule.schedule == "linear" else (1 + math.cos(math.pi * done)) / 2
