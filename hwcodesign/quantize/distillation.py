"""A short training of a quantized network against the float network that it came from: images alone, no labels.

The loss is the divergence between both networks' answers, softened so that the float network's scores of an image
spread alike whatever their scale (G. Hinton et al., Distilling the knowledge in a neural network, 2015). Some images
are held apart: the epoch after which these are answered most alike is kept, which may be none.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hwcodesign.nets.network import INPUT, Network
from hwcodesign.quantize.blocks import Block
from hwcodesign.quantize.lesson import answers, batches, divergence, held_apart, temperature_of
from hwcodesign.quantize.quantized import Quantized
from hwcodesign.quantize.trainable import Rates, Trainable
from hwcodesign.quantize.unfinished import Unfinished
from hwcodesign.quantize.whitened import whitened
from hwcodesign.recipe import TrainTable
from hwcodesign.training.checkpoint import fill
from hwcodesign.training.precision import lower_precision

STATE = "distilled.pt"  # after the last whole epoch, until the result is there
_RATES = Rates(move=0.001, factor=0.0003, bias=0.001)


@dataclass(frozen=True)
class Epoch:
    """After an epoch (0: before the first): the loss on the images held apart, and how many keep their class."""

    epoch: int
    loss: float
    kept: float


def pupil(
    network: Network,
    found: Quantized,
    weight_bits: Mapping[str, int],
    images: np.ndarray,
    numbers: tuple[float, float],
) -> Trainable:
    """The whole of `network` as `found` has it, ready for `distil`: weights move along white directions of `images`."""
    white = whitened(network, found, images, numbers)
    return Trainable(network, Block(INPUT, network.nodes), found, weight_bits, white=white)


def distil(
    model: Trainable,
    numbers: tuple[float, float],
    teacher: nn.Module,
    images: np.ndarray,
    epochs: int,
    schedule: TrainTable,
    folder: Path,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> list[dict[str, Any]]:
    """Train `model`, and leave it as it was after its best epoch; returns every `Epoch`, the first as it came.

    `model` is a `pupil`, `numbers` are (mean, divisor) of its pixels, `teacher` takes them raw; `images` are
    uint8 NHWC; of `schedule` the batch, the seed, the augmentation and the precision count. An interrupted
    distillation in `folder` goes on after its last whole epoch, to the very same bits. `on_step` hears how many steps
    are done, and of how many.
    """

    def scores(pixels: Tensor) -> Tensor:
        result: Tensor = model((pixels - numbers[0]) / numbers[1]).flatten(1)
        return result

    raw = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
    apart = held_apart(len(raw))
    held, training = raw[apart], torch.nonzero(~apart).flatten()
    wanted = answers(teacher, held)
    temperature = temperature_of(wanted)
    optimizer = model.optimizer(_RATES)
    kept = Unfinished(folder / STATE)
    history, best = _resumed(model, optimizer, kept)
    if not history:
        history = [_measured(scores, held, wanted, temperature, 0)]
        on_epoch(history[0])
    steps = -(-len(training) // schedule.batch_size)  # of each epoch
    for epoch in range(len(history), epochs + 1):
        for step, (_, pixels) in enumerate(batches(optimizer, raw, training, schedule, epoch, epochs), 1):
            with lower_precision(schedule, pixels.device):  # what it rounds is judged in float32, by `_measured`
                with torch.no_grad():
                    answer = teacher(pixels)
                given = scores(pixels)
            optimizer.zero_grad()
            divergence(given.float(), answer.float(), temperature).backward()
            optimizer.step()
            on_step((epoch - 1) * steps + step, epochs * steps)
        history.append(_measured(scores, held, wanted, temperature, epoch))
        if history[-1].loss <= min(entry.loss for entry in history):
            best = copy.deepcopy(model.state_dict())
        parts = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "best": best}
        kept.keep(parts | {"history": [asdict(entry) for entry in history]})
        on_epoch(history[-1])
    model.load_state_dict(best)
    return [asdict(entry) for entry in history]


@torch.no_grad()
def _measured(
    network: Callable[[Tensor], Tensor], images: Tensor, wanted: Tensor, temperature: float, epoch: int
) -> Epoch:
    scores = answers(network, images)
    kept = float((scores.argmax(1) == wanted.argmax(1)).float().mean())
    return Epoch(epoch, float(divergence(scores, wanted, temperature)), kept)


def _resumed(
    model: Trainable, optimizer: torch.optim.Optimizer, kept: Unfinished
) -> tuple[list[Epoch], dict[str, Any]]:
    """The history so far and the best numbers; fills in what there was after the last whole epoch."""
    state = kept.state()
    if state is None:
        return [], copy.deepcopy(model.state_dict())
    assert kept.path is not None
    fill(model, state["model"], kept.path)
    fill(optimizer, state["optimizer"], kept.path)
    return [Epoch(**entry) for entry in state["history"]], state["best"]
