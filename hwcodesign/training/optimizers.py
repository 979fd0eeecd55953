"""The optimizers of the dissertation's section 4.8.2, by their names in a recipe."""

import torch
from torch import nn

from hwcodesign.recipe import TrainTable


def make_optimizer(model: nn.Module, schedule: TrainTable) -> torch.optim.Optimizer:
    """Weight decay holds for convolution weights, not for batch norm and quantizer scales."""
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": schedule.weight_decay}, {"params": others, "weight_decay": 0.0}]
    rate, momentum = schedule.learning_rate, schedule.momentum
    match schedule.optimizer:
        case "sgd":
            return torch.optim.SGD(groups, lr=rate, momentum=momentum)
        case "nesterov":
            return torch.optim.SGD(groups, lr=rate, momentum=momentum, nesterov=momentum > 0)
        case "rmsprop":
            return torch.optim.RMSprop(groups, lr=rate, momentum=momentum)
        case "adagrad":
            return torch.optim.Adagrad(groups, lr=rate)
        case "adam":
            return torch.optim.Adam(groups, lr=rate)
