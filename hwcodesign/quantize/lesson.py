"""What trainings against a float network share: images held apart, batches at a falling rate, softened answers."""

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn

from hwcodesign.recipe import TrainTable
from hwcodesign.training.augment import augmented
from hwcodesign.training.blending import blended, blends

_APART = 8  # of the images every so-manyth, but not more than _MOST_APART
_MOST_APART = 1_000
_SPREAD = 3.0  # standard deviation of the float network's softened scores


def evenly_spaced(images: np.ndarray, most: int) -> np.ndarray:
    """`most` of the images, or all there are where they are fewer."""
    count = min(len(images), most)
    return images[np.arange(count) * len(images) // count]


def held_apart(images: int) -> Tensor:
    """Which of so many images choose the best epoch, and are not trained with: bool (images,)."""
    apart = torch.zeros(images, dtype=torch.bool)
    apart[:: max(_APART, images // _MOST_APART)] = True
    return apart


def batches(
    optimizer: torch.optim.Optimizer,
    raw: Tensor,
    training: Tensor,
    schedule: TrainTable,
    epoch: int,
    epochs: int,
    labelled: bool = False,
) -> Iterator[tuple[Tensor, Tensor]]:
    """The batches of one epoch, counted from 1: which images of `raw`, and their pixels, augmented.

    Not `labelled`, images are blended, too: a float network says of any blend what it is. Sets each group's rate
    first, which falls from its `most` to 0 over all `epochs` as a cosine does.
    """
    random = torch.Generator().manual_seed(schedule.seed * 1_000_003 + epoch)
    chosen = training[torch.randperm(len(training), generator=random)].split(schedule.batch_size)
    for step, batch in enumerate(chosen):
        done = (epoch - 1 + step / len(chosen)) / epochs
        for group in optimizer.param_groups:
            group["lr"] = group["most"] * (1 + math.cos(math.pi * done)) / 2
        pixels = augmented(raw[batch], schedule, random)
        if blends(schedule) and not labelled:
            pixels = blended(pixels, schedule, random).pixels
        yield batch, pixels


@torch.no_grad()
def answers(network: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """Scores (frames, classes) of raw pixels (frames, C, H, W)."""
    return torch.cat([network(part.float().contiguous(memory_format=torch.channels_last)) for part in images.split(16)])


def divergence(scores: Tensor, wanted: Tensor, temperature: float) -> Tensor:
    """Kullback and Leibler's, from the wanted answer, mean over the images."""
    given, answer = (scores / temperature).log_softmax(1), (wanted / temperature).log_softmax(1)
    return nn.functional.kl_div(given, answer, reduction="batchmean", log_target=True)


def temperature_of(scores: Tensor) -> float:
    """What softens a network's `scores` (frames, classes) to the same spread, whatever their scale."""
    return max(float(scores.std(1).mean()) / _SPREAD, torch.finfo(torch.float32).tiny)
