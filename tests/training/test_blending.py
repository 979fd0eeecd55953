"""Blends of two images: shares as they are drawn, rectangles as large as they say, nothing of a third image."""

import pytest
import torch

from hwcodesign.recipe import TrainTable
from hwcodesign.training.blending import blended, blends


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def plain(frames: int, *size: int) -> torch.Tensor:
    """Each of one level, its own number."""
    return torch.arange(frames).float().reshape(frames, 1, 1, 1).expand(frames, 3, *size)


def test_nothing_is_blended_unless_it_is_said() -> None:
    assert not blends(TrainTable())
    assert blends(TrainTable(mixup=0.2)) and blends(TrainTable(cutmix=0.2))


@pytest.mark.parametrize("key", ["mixup", "cutmix"])
def test_shares_follow_the_beta_distribution(key: str) -> None:
    random, alpha = seeded(), 0.5
    shares = torch.tensor([blended(plain(2, 50, 50), TrainTable(**{key: alpha}), random).share for _ in range(400)])
    assert abs(float(((shares - 0.5) ** 2).mean()) - 1 / (4 * (2 * alpha + 1))) < 0.02  # its variance


def test_whole_images_are_mixed_in_that_share() -> None:
    blend = blended(plain(8, 2, 2), TrainTable(mixup=1.0), seeded())
    wanted = blend.share * torch.arange(8.0) + (1 - blend.share) * blend.other
    assert torch.allclose(blend.pixels, wanted.reshape(8, 1, 1, 1).expand(8, 3, 2, 2))


def test_a_rectangle_of_the_other_is_pasted_in_the_rest_stays() -> None:
    random, places = seeded(), set()
    for _ in range(50):
        blend = blended(plain(8, 12, 20), TrainTable(cutmix=1.0), random)
        for frame, pixels in enumerate(blend.pixels):
            own = (pixels == frame).all(0)
            assert (own | (pixels == blend.other[frame]).all(0)).all()
            if blend.other[frame] != frame:
                rows, columns = (~own).any(1).nonzero(), (~own).any(0).nonzero()
                assert (~own).sum() == len(rows) * len(columns) == round((1 - blend.share) * own.numel())
                places |= {(int(rows[0]), int(columns[0]))} if len(rows) else set()
    assert len(places) > 20


def test_with_both_a_batch_is_one_or_the_other() -> None:
    random, schedule = seeded(), TrainTable(mixup=1.0, cutmix=1.0)
    mixed = [(blended(plain(4, 30, 30), schedule, random).pixels % 1 > 0).any().item() for _ in range(200)]
    assert 70 < sum(mixed) < 130


def test_the_batch_that_is_given_stays() -> None:
    pixels = plain(4, 6, 6).clone()
    blended(pixels, TrainTable(cutmix=1.0), seeded())
    assert torch.equal(pixels, plain(4, 6, 6))
