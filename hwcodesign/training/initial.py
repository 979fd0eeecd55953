"""The weights that a training starts from: random, or those of another run's checkpoint (transfer learning).

Source of the random ones: F. Iandola's dissertation, section 4.8.1; Xavier: X. Glorot, Y. Bengio, 2010 (uniform);
MSRA: K. He et al., Delving deep into rectifiers, 2015 (normal).
"""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from hwcodesign.core.errors import UserError
from hwcodesign.nets.blocks import QuantizedConv
from hwcodesign.nets.build import NetworkModule
from hwcodesign.recipe import TrainTable
from hwcodesign.training.checkpoint import read_checkpoint

GAUSSIAN_DEVIATION = 0.01  # the usual one of AlexNet's time


History = list[dict[str, Any]]


def initialise(model: NetworkModule, schedule: TrainTable) -> History:
    """Set `model`'s weights as the recipe says. Returns the history of the float phase that they come from, if any.

    Raises UserError as `_transfer` does, and if a teacher would be left with a random last layer.
    """
    for module in model.modules():
        if isinstance(module, QuantizedConv):
            _draw(module.weight, schedule.initial)
    if not schedule.start_from:
        return []
    float_history, whole = _transfer(model, Path(schedule.start_from))
    if schedule.distillation and not schedule.float_epochs and not whole:
        raise UserError(
            f"train.start_from = {schedule.start_from!r}: its last layer is not this network's, so that it cannot "
            "teach this one: set train.float_epochs, or train.distillation to 0"
        )
    return float_history


def _draw(weight: torch.Tensor, how: str) -> None:
    match how:
        case "gaussian":
            nn.init.normal_(weight, std=GAUSSIAN_DEVIATION)
        case "xavier":
            nn.init.xavier_uniform_(weight)
        case "msra":
            nn.init.kaiming_normal_(weight, nonlinearity="relu")


def _transfer(model: NetworkModule, checkpoint: Path) -> tuple[History, bool]:
    """Take over everything but the last convolutions, which know other classes, if their shapes differ.

    Returns the history of the float phase that it is of, if of one (its quantizers have not been used), and whether all
    was taken.
    Raises UserError if it is missing or damaged, or if another layer has another shape, or none.
    """
    state, own = read_checkpoint(checkpoint, torch.device("cpu")), model.state_dict()
    saved, history = state["model"], state.get("history", [])
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
    whole = all(key in taken for key in own if key.startswith(scoring))
    return [] if history and history[-1]["quantized"] else history, whole
