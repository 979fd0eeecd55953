"""Augmentation changes what it says it does, and nothing else."""

import torch

from hwcodesign.recipe import TrainTable
from hwcodesign.training.augment import augmented


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_it_moves_and_mirrors_and_does_nothing_else():
    image = torch.arange(1, 26, dtype=torch.uint8).reshape(5, 5)
    pixels = image.expand(64, 1, 5, 5)
    assert torch.equal(augmented(pixels, TrainTable(), torch.Generator()), pixels.float())
    legal = {
        tuple(torch.nn.functional.pad(side, (1, 1, 1, 1))[y : y + 5, x : x + 5].flatten().tolist())
        for side in (image, image.flip(1)) for y in range(3) for x in range(3)
    }  # fmt: skip
    moved = augmented(pixels, TrainTable(shift=1, flip=True), seeded())
    seen = {tuple(frame.int().flatten().tolist()) for frame in moved}
    assert seen <= legal
    assert len(seen) > len(legal) / 2


def test_cutout_blackens_one_square_of_all_channels():
    pixels = torch.full((200, 3, 9, 9), 7, dtype=torch.uint8)
    cut = augmented(pixels, TrainTable(cutout=4), seeded()) == 0
    assert torch.equal(cut[:, :1].expand_as(cut), cut)
    for frame in cut[:, 0]:
        rows, columns = frame.any(1).nonzero(), frame.any(0).nonzero()
        height, width = len(rows), len(columns)
        assert frame.sum() == height * width  # a rectangle: cut off by the border, if at all
        assert height <= 4
        assert width <= 4
    assert (cut[:, 0].sum((1, 2)) == 16).sum() > 50


def test_the_callers_images_stay_as_they_are():
    pixels = torch.full((4, 1, 6, 6), 9, dtype=torch.uint8)
    augmented(pixels, TrainTable(cutout=3, shift=1, flip=True), seeded())
    assert (pixels == 9).all()


def test_batches_lie_channels_last_in_memory():
    batch = augmented(torch.zeros(4, 3, 6, 6, dtype=torch.uint8), TrainTable(), seeded())
    assert batch.is_contiguous(memory_format=torch.channels_last)
