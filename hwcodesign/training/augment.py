"""Training images changed at random, each by itself, a whole batch at a time."""

import torch
from torch import Tensor, nn

from hwcodesign.recipe import TrainTable


def augmented(pixels: Tensor, schedule: TrainTable, random: torch.Generator) -> Tensor:
    """The batch (uint8 NCHW) as floats of 0 to 255, channels last in memory.

    Every image is moved by up to `shift` pixels, with `flip` mirrored half of the time, and loses a square of
    `cutout` pixels at a random place (T. DeVries, G. Taylor: Improved regularization of convolutional neural networks
    with cutout, 2017). What comes in from outside, and what is cut out, is black. Then `zoom`, `contrast` and
    `sharpness`, as the recipe's table says of them.
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
    changed = moved.permute(0, 3, 1, 2).float()
    if schedule.zoom < 1:
        changed = _zoomed(changed, schedule.zoom, random)
    if schedule.sharpness:
        blur = nn.functional.avg_pool2d(nn.functional.pad(changed, (1,) * 4, mode="replicate"), 3, 1)
        much = schedule.sharpness * _of_each(changed, random).reshape(-1, 1, 1, 1)
        changed = (changed + much * (changed - blur)).clamp(0, 255)
    if schedule.contrast:
        mean = changed.mean((1, 2, 3), keepdim=True)
        draws = (_of_each(changed, random).reshape(-1, 1, 1, 1) for _ in range(2))
        by, to = ((1 + schedule.contrast) ** (2 * draw - 1) for draw in draws)
        changed = ((changed - mean) * by + mean * to).clamp(0, 255)
    return changed.contiguous(memory_format=torch.channels_last)


def _zoomed(pixels: Tensor, least: float, random: torch.Generator) -> Tensor:
    """Of each image a part of at least so large a share of its area, up to 4/3 wider or narrower, made as large."""
    area = least + (1 - least) * _of_each(pixels, random)
    form = (4 / 3) ** (2 * _of_each(pixels, random) - 1)
    sides = [(area * form).sqrt().clamp(max=1), (area / form).sqrt().clamp(max=1)]
    centres = [(1 - side) * (2 * _of_each(pixels, random) - 1) for side in sides]
    nothing = torch.zeros_like(area)
    rows = [torch.stack([sides[0], nothing, centres[0]], 1), torch.stack([nothing, sides[1], centres[1]], 1)]
    grid = nn.functional.affine_grid(torch.stack(rows, 1), list(pixels.shape), align_corners=False)
    return nn.functional.grid_sample(pixels, grid, padding_mode="border", align_corners=False)


def _of_each(pixels: Tensor, random: torch.Generator) -> Tensor:
    """A number of 0 to 1 for each image, (frames,)."""
    return torch.rand(len(pixels), generator=random).to(pixels.device)


def _outside_a_square(count: int, height: int, width: int, side: int, random: torch.Generator) -> Tensor:
    """uint8 (count, height, width, 1): 0 in a square whose centre is anywhere in the image, 1 around it."""
    top = torch.randint(0, height, (count, 1), generator=random) - side // 2
    left = torch.randint(0, width, (count, 1), generator=random) - side // 2
    down, across = torch.arange(height), torch.arange(width)
    rows = (down >= top) & (down < top + side)
    columns = (across >= left) & (across < left + side)
    return (~(rows[:, :, None] & columns[:, None, :])).to(torch.uint8)[..., None]
