"""The network that another one learns from (G. Hinton et al., Distilling the knowledge in a neural network, 2015)."""

import copy
from pathlib import Path

import torch

from hwcodesign.core.errors import UserError
from hwcodesign.nets.blocks import set_quantized
from hwcodesign.nets.build import NetworkModule
from hwcodesign.nets.network import INPUT
from hwcodesign.recipe import TrainTable
from hwcodesign.training.checkpoint import fill, read_checkpoint, recipe_of
from hwcodesign.training.network import build


def own_teacher(model: NetworkModule) -> NetworkModule:
    """A copy of the float network that `model` still is, to ask only."""
    teacher = copy.deepcopy(model).eval().requires_grad_(False)
    set_quantized(teacher, False)
    return teacher


def given_teacher(model: NetworkModule, schedule: TrainTable) -> NetworkModule | None:
    """That of `train.teacher`, to ask only, where `model` is; it may be of another recipe, in float or quantized.

    Raises UserError if it is missing or damaged, or takes other images or tells other classes apart.
    """
    if not schedule.teacher:
        return None
    path = Path(schedule.teacher)
    state = read_checkpoint(path, torch.device("cpu"))
    teacher = build(recipe_of(path, state))
    for what, theirs, ours in (
        ("images", teacher.network.shapes[INPUT], model.network.shapes[INPUT]),
        ("scores", teacher.network.outputs, model.network.outputs),
    ):
        if theirs != ours:
            raise UserError(f"train.teacher = {schedule.teacher!r}: its {what} are {theirs}, this network's {ours}")
    fill(teacher, state["model"], path)
    history = state.get("history", [])
    set_quantized(teacher, not history or history[-1]["quantized"])
    where = next(model.parameters()).device
    return teacher.to(where, memory_format=torch.channels_last).eval().requires_grad_(False)
