"""A short training of a quantized network against the float network that it came from: images alone, no labels.

The loss is the divergence between both networks' answers, softened so that the float network's scores of an image
spread alike whatever their scale (G. Hinton et al., Distilling the knowledge in a neural network, 2015). Weights stand
on their grids when it begins, so the rate is told in steps of each layer's grid. Some images are held apart: the epoch
after which these are answered most alike is kept, which may be none.
"""

import copy
import io
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hwcodesign.nets.blocks import Activation, QuantizedConv, SignedActivation
from hwcodesign.nets.build import NetworkModule
from hwcodesign.quantize.lesson import answers, batches, divergence, held_apart, temperature_of
from hwcodesign.recipe import TrainTable
from hwcodesign.training.checkpoint import fill, replace_file

STATE = "distilled.pt"  # after the last whole epoch, until the result is there
_RATE = 0.02  # of a grid's step, at most, that a weight moves in one step of the optimizer
_BIAS_RATE = 0.002  # of the step of the activations behind it, likewise
_FACTOR_RATE = 0.0002  # of the factor of each filter's sums, and of an activation's range


@dataclass(frozen=True)
class Epoch:
    """After an epoch (0: before the first): the loss on the images held apart, and how many keep their class."""

    epoch: int
    loss: float
    kept: float


def distil(
    model: NetworkModule,
    teacher: nn.Module,
    images: np.ndarray,
    epochs: int,
    schedule: TrainTable,
    folder: Path,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
) -> list[dict[str, Any]]:
    """Train `model`, and leave it as it was after its best epoch; returns every `Epoch`, the first as it came.

    `teacher` takes the same raw pixels; `images` are uint8 NHWC; of `schedule` the batch, the seed and the augmentation
    count. An interrupted distillation in `folder` goes on after its last whole epoch, to the very same bits.
    """
    raw = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
    apart = held_apart(len(raw))
    held, training = raw[apart], torch.nonzero(~apart).flatten()
    model.eval()  # batch norms keep what was folded into them
    wanted = answers(teacher, held)
    temperature = temperature_of(wanted)
    optimizer, history, best = _resumed(model, folder)
    if not history:
        history = [_measured(model, held, wanted, temperature, 0)]
        on_epoch(history[0])
    for epoch in range(len(history), epochs + 1):
        for _, pixels in batches(optimizer, raw, training, schedule, epoch, epochs):
            with torch.no_grad():
                answer = teacher(pixels)
            optimizer.zero_grad()
            divergence(model(pixels), answer, temperature).backward()
            optimizer.step()
        history.append(_measured(model, held, wanted, temperature, epoch))
        if history[-1].loss <= min(entry.loss for entry in history):
            best = copy.deepcopy(model.state_dict())
        _keep(model, optimizer, history, best, folder)
        on_epoch(history[-1])
    model.load_state_dict(best)
    model.requires_grad_(True)
    return [asdict(entry) for entry in history]


def forget(folder: Path) -> None:
    """The result is whole: its unfinished state is of no use any more."""
    (folder / STATE).unlink(missing_ok=True)


def _optimizer(model: NetworkModule) -> torch.optim.Optimizer:
    """Adam, which moves a parameter by about its group's rate. Scales of weights stay: the factors do as much."""
    model.requires_grad_(False)
    groups = []

    def add(parameter: Tensor, most: float) -> None:
        parameter.requires_grad_(True)
        groups.append({"params": [parameter], "most": most, "lr": most})

    for module in model.modules():
        if isinstance(module, QuantizedConv):
            step = module.quant_weight().scale.mean().item()
            add(module.weight, _RATE * step)
            if module.norm is None:
                add(module.bias, _BIAS_RATE * step)
            else:
                add(module.norm.weight, _FACTOR_RATE)
    for name, module in model.named_modules():
        if isinstance(module, Activation | SignedActivation):
            scaling = module.act_quant.fused_activation_quant_proxy.tensor_quant.scaling_impl
            add(scaling.value, _FACTOR_RATE * scaling.value.item())
            before = [node for node, quantizer in model.network.quantizers.items() if quantizer == name]
            for node in before:
                norm = getattr(model.get_submodule(node), "norm", None)
                if norm is not None:
                    add(norm.bias, _BIAS_RATE * module.act_quant.scale().item())
    return torch.optim.Adam(groups)


@torch.no_grad()
def _measured(model: nn.Module, images: Tensor, wanted: Tensor, temperature: float, epoch: int) -> Epoch:
    scores = answers(model, images)
    kept = float((scores.argmax(1) == wanted.argmax(1)).float().mean())
    return Epoch(epoch, float(divergence(scores, wanted, temperature)), kept)


def _keep(
    model: nn.Module, optimizer: torch.optim.Optimizer, history: list[Epoch], best: dict[str, Any], folder: Path
) -> None:
    buffer = io.BytesIO()
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "best": best}
    torch.save(state | {"history": [asdict(entry) for entry in history]}, buffer)
    replace_file(folder / STATE, buffer.getvalue())


def _resumed(model: NetworkModule, folder: Path) -> tuple[torch.optim.Optimizer, list[Epoch], dict[str, Any]]:
    """The optimizer, the history so far and the best weights; the model as it was after the last whole epoch."""
    path = folder / STATE
    if not path.exists():
        return _optimizer(model), [], copy.deepcopy(model.state_dict())
    state = torch.load(path, weights_only=True)
    fill(model, state["model"], path)
    optimizer = _optimizer(model)  # only now: Brevitas makes new parameters of its scales when it loads them
    fill(optimizer, state["optimizer"], path)
    return optimizer, [Epoch(**entry) for entry in state["history"]], state["best"]
