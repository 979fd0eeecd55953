"""What changes while a network trains, and how it is kept: the state behind the last whole epoch is never lost."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from hwcodesign.core.errors import UserError
from hwcodesign.nets.blocks import Activation, SignedActivation, set_quantized
from hwcodesign.nets.build import NetworkModule
from hwcodesign.recipe import Recipe, TrainTable
from hwcodesign.training.activation_range import set_ranges
from hwcodesign.training.average import Average
from hwcodesign.training.best import best_epoch, key_of
from hwcodesign.training.checkpoint import fill, load_checkpoint, replace_file, write_checkpoint
from hwcodesign.training.initial import initialise
from hwcodesign.training.optimizers import make_optimizer
from hwcodesign.training.schedule import Phase, quantizes, unquantized_epochs
from hwcodesign.training.sparse import set_smallest_to_zero
from hwcodesign.training.teacher import given_teacher, own_teacher


@dataclass
class State:
    """`quantized`: the quantizers are on. `teacher` is the network to learn from, if any; `history` holds the metrics
    of every epoch so far.
    """

    model: NetworkModule
    quantized: bool
    optimizer: torch.optim.Optimizer
    average: Average | None
    teacher: NetworkModule | None
    history: list[dict[str, Any]]

    @property
    def best_model(self) -> NetworkModule:
        """The network to validate and to ship."""
        return cast(NetworkModule, self.average.model) if self.average else self.model


def training_summary(recipe: Recipe, checkpoint: Path) -> dict[str, Any] | None:
    """What reference.json says of the training that `checkpoint` is from: where, how long, how good when validated.

    None if it was made without training.
    """
    history = load_checkpoint(recipe, checkpoint, torch.device("cpu"))["history"]
    if not history:
        return None
    metric = recipe.task.validation
    best, key = best_epoch(history, metric), key_of(metric)
    floating = [entry for entry in history if not entry["quantized"]]
    return {
        "device": best["device"],
        "seconds": round(sum(entry["seconds"] for entry in history)),
        "epochs": best["epoch"] + 1,
        "float_epochs": unquantized_epochs(recipe.train),
        key: best[key],
        f"float_{key}": best_epoch(floating, metric)[key] if floating else None,
    }


def next_phase(state: State, schedule: TrainTable, phase: Phase, batches: list[Tensor]) -> State:
    """The start of a phase: the best network so far, with its smallest weights at 0 where it is a sparse one.

    Where it is quantized, the quantizers are on, and their ranges measured on `batches`.
    """
    model = state.best_model.requires_grad_(True)
    if phase.sparse:
        set_smallest_to_zero(model, schedule.sparsity)
    given = given_teacher(model, schedule)
    if not phase.quantized:
        return _fresh(model, schedule, given, state.history, on=False)
    teacher = given or (own_teacher(model) if schedule.distillation else None)
    set_ranges(model, batches)
    return _fresh(model, schedule, teacher, state.history, on=True)


def resumed(recipe: Recipe, model: NetworkModule, folder: Path, where: torch.device) -> State:
    """The state of `model`, newly built, behind the last whole epoch in `folder`; if there is none, at the start.

    Raises UserError if what `folder` holds is damaged or of another recipe.
    """
    schedule = recipe.train
    if not (folder / "last.pt").exists():
        float_history = initialise(model, schedule)
        if float_history and quantizes(schedule, 0):
            write_checkpoint(folder / "float.pt", recipe, {"model": model.state_dict(), "history": float_history})
        on = quantizes(schedule, 0) and not float_history
        return _fresh(model, schedule, given_teacher(model, schedule), [], on)
    last = folder / "last.pt"
    saved = load_checkpoint(recipe, last, where)
    if missing := {"history", "optimizer"} - saved.keys():
        raise UserError(f"{last} is not the state of a training: it has no {' and no '.join(sorted(missing))}")
    on, teacher = quantizes(schedule, len(saved["history"]) - 1), given_teacher(model, schedule)
    if on and schedule.distillation and not teacher:
        floating = folder / "float.pt"
        fill(model, load_checkpoint(recipe, floating, where)["model"], floating)
        teacher = own_teacher(model)
    fill(model, saved["model"], last)
    # Only now: Brevitas makes new parameters of its scales when it loads them.
    state = _fresh(model, schedule, teacher, list(saved["history"]), on)
    fill(state.optimizer, saved["optimizer"], last)
    if state.average:
        fill(state.average.model, saved["average"], last)
        state.average.steps = saved["average_steps"]
    return state


def save_epoch(recipe: Recipe, state: State, folder: Path) -> None:
    """Each file is replaced as a whole, last.pt at the end: what it says has happened has been written."""
    history = state.history
    written = {"model": state.best_model.state_dict(), "history": history}
    if best_epoch(history, recipe.task.validation) is history[-1]:
        write_checkpoint(folder / "best.pt", recipe, written)
    if len(history) == unquantized_epochs(recipe.train):
        write_checkpoint(folder / "float.pt", recipe, written)
    lines = "".join(json.dumps(entry) + "\n" for entry in history)
    replace_file(folder / "metrics.jsonl", lines.encode())
    last = {**written, "model": state.model.state_dict(), "optimizer": state.optimizer.state_dict()}
    if state.average:
        last |= {"average": state.average.model.state_dict(), "average_steps": state.average.steps}
    write_checkpoint(folder / "last.pt", recipe, last)


def _fresh(
    model: NetworkModule, schedule: TrainTable, teacher: NetworkModule | None, history: list[dict[str, Any]], on: bool
) -> State:
    set_quantized(model, on)
    for module in model.modules():
        if isinstance(module, Activation | SignedActivation):
            module.requires_grad_(schedule.learn_scales)
    average = Average(model, schedule.average) if schedule.average and not on else None
    return State(model, on, make_optimizer(model, schedule), average, teacher, history)
