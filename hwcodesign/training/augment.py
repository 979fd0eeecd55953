"""Training images changed at random, a whole batch at a time: moved, mirrored, cut out, mixed."""

import torch
from torch import Tensor, nn

from hwcodesign.recipe import TrainTable


def augmented(pixels: Tensor, schedule: TrainTable, random: torch.Generator) -> Tensor:
    """The batch (uint8 NCHW) as floats, channels last in memory.

    Every image is moved by up to `shift` pixels, with `flip` mirrored half of the time, and loses a square of
    `cutout` pixels at a random place (T. DeVries, G. Taylor: Improved regularization of convolutional neural networks
    with cutout, 2017). What comes in from outside, and what is cut out, is black.
    """
    count, _, height, width = pixels.shape
    where, reach = pixels.device, schedule.shift
    rows, columns = torch.randint(0, 2 * reach + 1, (2, count), generator=random).to(where)
    mirrored = (torch.rand(count, generator=random) < (0.5 if schedule.flip else 0.0)).to(where)
    padded = nn.functional.pad(pixels, (reach,) * 4)
    across = torch.arange(width, device=where).expand(count, width)
    across = torch.where(mirrored[:, None], width - 1 - across, across) + columns[:, None]
    down = torch.arange(height, device=where) + rows[:, None]
    frames = torch.arange(count, device=where)[:, None, None]
    moved = padded.permute(0, 2, 3, 1)[frames, down[:, :, None], across[:, None, :]]
    if schedule.cutout:
        moved *= _outside_a_square(count, height, width, schedule.cutout, random).to(where)
    return moved.permute(0, 3, 1, 2).float()


def _outside_a_square(count: int, height: int, width: int, side: int, random: torch.Generator) -> Tensor:
    """uint8 (count, height, width, 1): 0 in a square whose centre is anywhere in the image, 1 around it."""
    top = torch.randint(0, height, (count, 1), generator=random) - side // 2
    left = torch.randint(0, width, (count, 1), generator=random) - side // 2
    down, across = torch.arange(height), torch.arange(width)
    rows = (down >= top) & (down < top + side)
    columns = (across >= left) & (across < left + side)
    return (~(rows[:, :, None] & columns[:, None, :])).to(torch.uint8)[..., None]
