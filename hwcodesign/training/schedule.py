"""The learning rate over a training: warm-up, then a linear or a cosine fall to zero, once in each phase.

A training has up to four phases: `float_epochs` with the quantizers off; `sparse_epochs` in which the smallest weights
are 0; `dense_epochs` with all weights again, at the fraction `dense_rate` of the learning rate (dense-sparse-dense: S.
Han et al., DSD, 2016); then `epochs` with the quantizers on, at the fraction `quantized_rate` where another phase went
before. Each starts from the weights of the one before.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from hwcodesign.recipe import TrainTable


@dataclass(frozen=True)
class Phase:
    """`epochs` from the epoch `first` on, counted from 0 over all phases; `rate` is a fraction of the learning rate."""

    first: int
    epochs: int
    rate: float
    sparse: bool = False
    quantized: bool = False


def phases(schedule: TrainTable) -> Iterator[Phase]:
    """Those that have an epoch, in their order."""
    dense = Phase(0, schedule.float_epochs, 1.0)
    sparse = Phase(dense.epochs, schedule.sparse_epochs, 1.0, sparse=True)
    again = Phase(sparse.first + sparse.epochs, schedule.dense_epochs, schedule.dense_rate)
    first = again.first + again.epochs
    quantized = Phase(first, schedule.epochs, schedule.quantized_rate if first else 1.0, quantized=True)
    return (phase for phase in (dense, sparse, again, quantized) if phase.epochs)


def phase_at(schedule: TrainTable, epoch: int) -> Phase:
    """The one that `epoch` is in, or the last."""
    return [phase for phase in phases(schedule) if phase.first <= epoch][-1]


def total_epochs(schedule: TrainTable) -> int:
    """Epochs of all phases."""
    return sum(phase.epochs for phase in phases(schedule))


def unquantized_epochs(schedule: TrainTable) -> int:
    """Epochs with the quantizers off, which come first."""
    return total_epochs(schedule) - schedule.epochs


def quantizes(schedule: TrainTable, epoch: int) -> bool:
    """Whether the quantizers are on in `epoch`, counted from 0 over all phases."""
    return phase_at(schedule, epoch).quantized


def learning_rate(schedule: TrainTable, when: float) -> float:
    """The rate `when` so many epochs are over (a fraction within an epoch)."""
    phase = phase_at(schedule, int(when))
    return schedule.learning_rate * phase.rate * _shape(schedule, when - phase.first, phase.epochs)


def _shape(schedule: TrainTable, past: float, epochs: int) -> float:
    """Rises from 0 to 1 over the warm-up and falls back to 0 at `epochs`."""
    warmup = min(schedule.warmup_epochs, epochs / 2)
    if past < warmup:
        return past / warmup
    done = (past - warmup) / (epochs - warmup)
    return 1 - done if schedule.schedule == "linear" else (1 + math.cos(math.pi * done)) / 2
