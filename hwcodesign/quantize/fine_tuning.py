"""A compressed float network trained on: what is 0 stays 0, and what shares a value goes on sharing one.

With labels, or without them against the answers of the network that was compressed. Some images are held apart; the
epoch after which these are answered best is kept, which may be none.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from hwcodesign.core.errors import UserError
from hwcodesign.export.float_weights import Weights
from hwcodesign.quantize.codebook import share_values
from hwcodesign.quantize.float_network import with_weights
from hwcodesign.quantize.lesson import answers, batches, divergence, held_apart, temperature_of
from hwcodesign.recipe import Recipe
from hwcodesign.training.sparse import zeros_held

_RATE = 0.02  # of the standard deviation of a layer's weights: at most so far a weight moves in one step
_WALK = 0.3  # likewise: so far values that are shared by many weights move, all steps together, by chance alone
_FEWEST = 16  # images to train with


@dataclass(frozen=True)
class Tuned:
    """After an epoch (0: before the first), on the images held apart: the loss, and the share of right answers.

    Without labels those answers are right which the network had before it was compressed.
    """

    epoch: int
    loss: float
    right: float


@dataclass(frozen=True)
class Lessons:
    """What to train with: `images` uint8 NHWC and their `labels`, or None to learn from `teacher`'s answers."""

    images: np.ndarray
    labels: np.ndarray | None
    teacher: Mapping[str, Weights]


def fine_tuned(
    recipe: Recipe,
    weights: Mapping[str, Weights],
    lessons: Lessons,
    epochs: int,
    shared: bool = False,
    on_epoch: Callable[[Tuned], None] = lambda epoch: None,
) -> dict[str, Weights]:
    """`weights` after the best of `epochs`; `shared`: their different values train, else each weight that is not 0.

    Of the recipe's schedule the batch, the seed and the augmentation count. Raises UserError if there are too few
    images.
    """
    if len(lessons.images) < _FEWEST:
        raise UserError(f"{len(lessons.images)} images are too few to train with; bring at least {_FEWEST}")
    schedule = recipe.train
    torch.set_num_threads(schedule.threads)
    raw = torch.from_numpy(lessons.images.transpose(0, 3, 1, 2).copy())
    teacher, model = with_weights(recipe, lessons.teacher), with_weights(recipe, weights)
    apart = held_apart(len(raw))
    taught = answers(teacher, raw[apart])
    temperature = temperature_of(taught)
    labels = None if lessons.labels is None else torch.from_numpy(lessons.labels)
    right = taught.argmax(1) if labels is None else labels[apart]

    def loss_of(scores: Tensor, wanted: Tensor) -> Tensor:
        """`wanted`: labels, or scores."""
        if wanted.ndim == 1:
            return nn.functional.cross_entropy(scores / temperature, wanted)
        return divergence(scores, wanted, temperature)

    @torch.no_grad()
    def measured(epoch: int) -> Tuned:
        scores = answers(model, raw[apart])
        loss = loss_of(scores, taught if labels is None else right)
        return Tuned(epoch, float(loss), float((scores.argmax(1) == right).float().mean()))

    training = torch.nonzero(~apart).flatten()
    steps = epochs * -(-len(training) // schedule.batch_size)
    optimizer = _optimizer(model, shared, steps)
    best, found = measured(0), copy.deepcopy(model.state_dict())
    on_epoch(best)
    with zeros_held(model):
        for epoch in range(1, epochs + 1):
            for batch, pixels in batches(
                optimizer, raw, training, schedule, epoch, epochs, labelled=labels is not None
            ):
                with torch.no_grad():
                    wanted = teacher(pixels) if labels is None else labels[batch]
                optimizer.zero_grad()
                loss_of(model(pixels), wanted).backward()
                optimizer.step()
            now = measured(epoch)
            on_epoch(now)
            if now.loss <= best.loss:
                best, found = now, copy.deepcopy(model.state_dict())
    model.load_state_dict(found)
    return {name: _weights_of(model.get_submodule(name)) for name in weights}


def _optimizer(model: nn.Module, shared: bool, steps: int) -> torch.optim.Optimizer:
    """Adam, which moves a parameter by about its group's rate.

    A value that many weights share moves all of them the same way, so that far fewer steps are as many: in a long
    training at the rate of single weights a layer dies before it has learned.
    """
    rate = min(_RATE, _WALK / max(1, steps) ** 0.5) if shared else _RATE
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d)]
    rates = [rate * float(layer.weight.detach().std()) for layer in layers]
    if shared:
        share_values(model)
    return torch.optim.Adam(
        {"params": list(layer.parameters()), "most": most} for layer, most in zip(layers, rates, strict=True)
    )


@torch.no_grad()
def _weights_of(layer: nn.Module) -> Weights:
    return Weights(*(tensor.detach().numpy().copy() for tensor in (layer.weight, layer.bias)))
