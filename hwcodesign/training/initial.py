"""The weights that a training starts from: random, or those of another run's checkpoint (transfer learning).

Source of the random ones: F. Iandola's dissertation, section 4.8.1; Xavier: X. Glorot, Y. Bengio, 2010 (uniform);
MSRA: K. He et al., Delving deep into rectifiers, 2015 (normal).
"""

from pathlib import Path

import torch
from torch import nn

from hwcodesign.errors import UserError
from hwcodesign.nets.blocks import QuantizedConv
from hwcodesign.nets.build import NetworkModule
from hwcodesign.recipe import TrainTable
from hwcodesign.training.checkpoint import read_checkpoint

GAUSSIAN_DEVIATION = 0.01  # the usual one of AlexNet's time


def initialise(model: NetworkModule, schedule: TrainTable) -> None:
    """Set `model`'s weights as the recipe says; raises UserError as `_transfer` does."""
    for module in model.modules():
        if isinstance(module, QuantizedConv):
            _draw(module.weight, schedule.initial)
    if schedule.start_from:
        _transfer(model, Path(schedule.start_from))


def _draw(weight: torch.Tensor, how: str) -> None:
    match how:
        case "gaussian":
            nn.init.normal_(weight, std=GAUSSIAN_DEVIATION)
        case "xavier":
            nn.init.xavier_uniform_(weight)
        case "msra":
            nn.init.kaiming_normal_(weight, nonlinearity="relu")


def _transfer(model: NetworkModule, checkpoint: Path) -> None:
    """Take over everything but the last convolutions, which know other classes, if their shapes differ.

    Raises UserError if the checkpoint is missing or damaged, or if another layer has another shape, or none.
    """
    saved, own = read_checkpoint(checkpoint, torch.device("cpu"))["model"], model.state_dict()
    scoring = tuple(f"{name}." for name in model.network.scoring)
    taken = {}
    for key, value in own.items():
        if key in saved and saved[key].shape == value.shape:
            taken[key] = saved[key]
        elif not key.startswith(scoring):
            there = f"shape {tuple(saved[key].shape)}" if key in saved else "nothing of that name"
            raise UserError(
                f"train.start_from = {str(checkpoint)!r}: {key} has the shape {tuple(value.shape)} here, and there "
                f"{there}; take a checkpoint of a network that differs in its last layer at most"
            )
    model.load_state_dict(taken, strict=False)
