"""Two training images of a batch in one: blended as a whole, or a rectangle of one pasted into the other."""

from dataclasses import dataclass

import torch
from torch import Tensor

from hwcodesign.recipe import TrainTable


@dataclass(frozen=True)
class Blend:
    """`pixels` (frames, channels, height, width), of which `share` is each image's own, the rest that of `other`."""

    pixels: Tensor
    other: Tensor  # (frames,) which image of the batch
    share: float


def blends(schedule: TrainTable) -> bool:
    """Whether a training with `schedule` blends images at all."""
    return bool(schedule.mixup or schedule.cutmix)


def blended(pixels: Tensor, schedule: TrainTable, random: torch.Generator) -> Blend:
    """Every image with another of the batch, in shares that are drawn once a batch from Beta(alpha, alpha).

    `mixup` is the alpha of whole images (H. Zhang et al., mixup, 2018), `cutmix` that of rectangles (S. Yun et al.,
    CutMix, 2019); with both a batch is one or the other, half of the time each.
    """
    pastes = schedule.cutmix > 0
    if schedule.mixup and schedule.cutmix:
        pastes = bool(torch.rand((), generator=random) < 0.5)
    share = _beta(schedule.cutmix if pastes else schedule.mixup, random)
    other = torch.randperm(len(pixels), generator=random).to(pixels.device)
    if not pastes:
        return Blend(torch.lerp(pixels[other], pixels, share), other, share)
    made, (rows, columns) = pixels.clone(), _rectangle(pixels.shape[2:], 1 - share, random)
    made[:, :, rows, columns] = pixels[other][:, :, rows, columns]
    pasted = (rows.stop - rows.start) * (columns.stop - columns.start)
    return Blend(made, other, 1 - pasted / (pixels.shape[2] * pixels.shape[3]))


def _beta(alpha: float, random: torch.Generator) -> float:
    """As a ratio of two gammas."""
    one, two = torch._standard_gamma(torch.full((2,), alpha), generator=random)
    return float(one / (one + two))


def _rectangle(size: torch.Size, area: float, random: torch.Generator) -> tuple[slice, slice]:
    """Rows and columns of a rectangle of the image's own form, anywhere in it, of so large a share of its area."""
    sides = [round(length * area**0.5) for length in size]
    places = torch.rand(2, generator=random).tolist()
    begins = [int(place * (length - side + 1)) for place, length, side in zip(places, size, sides, strict=True)]
    rows, columns = (slice(begin, begin + side) for begin, side in zip(begins, sides, strict=True))
    return rows, columns
