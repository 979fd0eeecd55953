"""Augmentation changes what it says it does, and nothing else."""

import pytest
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


def ramp(frames: int, side: int) -> torch.Tensor:
    """Three channels: the row, the column, their mean; what is linear stays so when it is stretched."""
    rows, columns = (torch.arange(side, dtype=torch.uint8).expand(side, side) for _ in range(2))
    image = torch.stack([rows.T, columns, (rows.T // 2 + columns // 2)])
    return image.expand(frames, 3, side, side)


def test_zoom_shows_a_part_as_large_as_it_says_and_never_what_is_outside():
    frames = augmented(ramp(200, 60), TrainTable(zoom=0.4), seeded())
    steps = [frames[:, 0, 21, 30] - frames[:, 0, 20, 30], frames[:, 1, 30, 21] - frames[:, 1, 30, 20]]
    areas, forms = steps[0] * steps[1], steps[0] / steps[1]
    assert 0.35 < areas.min() < 0.45 and 0.9 < areas.max() <= 1.0001
    assert 9 / 16 - 0.01 < forms.min() < 0.9 and 1.1 < forms.max() < 16 / 9 + 0.01
    assert frames.min() >= 0 and frames[:, :2].max() <= 59
    assert len(frames[:, 0, 0, 0].unique()) > 100  # elsewhere in each


def test_contrast_spreads_an_image_around_its_mean_and_moves_that():
    pixels = ramp(200, 16) + 60
    frames = augmented(pixels, TrainTable(contrast=0.5), seeded())
    spread = frames.std((1, 2, 3)) / pixels.float().std((1, 2, 3))
    mean = frames.mean((1, 2, 3)) / pixels.float().mean((1, 2, 3))
    for factors in (spread, mean):
        assert 1 / 1.501 < factors.min() < 0.8 and 1.25 < factors.max() < 1.501
    assert abs(float(torch.corrcoef(torch.stack([spread, mean]))[0, 1])) < 0.2


def test_sharpness_adds_what_a_blur_takes_away():
    pixels = torch.full((100, 1, 9, 9), 100, dtype=torch.uint8)
    pixels[:, :, 4, 4] = 109
    frames = augmented(pixels, TrainTable(sharpness=2.0), seeded())
    added = frames[:, 0, 4, 4] - 109
    assert 0 <= added.min() < 2 and 14 < added.max() <= 16  # up to twice 109 - 101
    assert torch.allclose(frames[:, 0, 3:6, 3:6].sum((1, 2)), torch.full((100,), 909.0))
    assert (frames[:, 0, 0] == 100).all()


@pytest.mark.parametrize("change", [{"contrast": 9.0}, {"sharpness": 9.0}])
def test_pixels_stay_pixels(change):
    pixels = torch.randint(0, 256, (16, 3, 8, 8), generator=seeded(), dtype=torch.uint8)
    frames = augmented(pixels, TrainTable(**change), seeded())
    assert frames.min() == 0 and frames.max() == 255


EVERYTHING = TrainTable(cutout=3, shift=1, flip=True, zoom=0.5, contrast=0.3, sharpness=1.0)


def test_the_callers_images_stay_as_they_are():
    pixels = torch.full((4, 1, 6, 6), 9, dtype=torch.uint8)
    augmented(pixels, EVERYTHING, seeded())
    assert (pixels == 9).all()


@pytest.mark.parametrize("schedule", [TrainTable(), EVERYTHING])
def test_batches_lie_channels_last_in_memory(schedule):
    batch = augmented(torch.zeros(4, 3, 6, 6, dtype=torch.uint8), schedule, seeded())
    assert batch.is_contiguous(memory_format=torch.channels_last)
