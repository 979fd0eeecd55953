"""What trainings against a float network share: who is held apart, whose turn it is, how alike answers are."""

import pytest
import torch

from hwcodesign.quantize.lesson import batches, divergence, held_apart, temperature_of
from hwcodesign.recipe import TrainTable


@pytest.mark.parametrize(("images", "apart"), [(16, 2), (800, 100), (80_000, 1_000)])
def test_an_eighth_is_held_apart_but_no_more_than_a_thousand(images: int, apart: int) -> None:
    assert int(held_apart(images).sum()) == apart


def test_every_image_has_its_turn_and_the_rate_falls_to_nothing() -> None:
    raw, training = torch.arange(10).reshape(10, 1, 1, 1).float(), torch.arange(2, 10)
    optimizer = torch.optim.SGD([{"params": [torch.zeros(1)], "most": 0.5, "lr": 0.5}])
    seen, rates = [], []
    for epoch in (1, 2):
        for batch, pixels in batches(optimizer, raw, training, TrainTable(batch_size=3), epoch, 2):
            assert pixels.flatten().tolist() == batch.tolist()
            seen += batch.tolist()
            rates.append(optimizer.param_groups[0]["lr"])
    assert sorted(seen[:8]) == sorted(seen[8:]) == training.tolist() and seen[:8] != seen[8:]
    assert rates[0] == 0.5 and rates == sorted(rates, reverse=True) and rates[-1] < 0.05


def test_images_are_blended_unless_they_have_labels() -> None:
    raw = torch.arange(6, dtype=torch.uint8).reshape(6, 1, 1, 1).expand(6, 1, 8, 8)
    optimizer = torch.optim.SGD([{"params": [torch.zeros(1)], "most": 0.5, "lr": 0.5}])
    schedule = TrainTable(batch_size=6, cutmix=1.0)
    ((batch, pasted),) = batches(optimizer, raw, torch.arange(6), schedule, 1, 1)
    ((again, whole),) = batches(optimizer, raw, torch.arange(6), schedule, 1, 1, labelled=True)
    assert torch.equal(batch, again) and torch.equal(whole, raw[batch].float())
    assert (pasted != whole).any() and set(pasted.unique().tolist()) <= set(range(6))


def test_answers_diverge_by_nothing_from_themselves_and_more_the_further() -> None:
    scores = torch.tensor([[3.0, 0.0, -1.0], [0.0, 9.0, 1.0]])
    assert float(divergence(scores, scores, 2.0)) == pytest.approx(0.0, abs=1e-7)
    assert (
        0 < float(divergence(scores + torch.tensor([0.1, 0, 0]), scores, 2.0)) < float(divergence(-scores, scores, 2.0))
    )


def test_scores_of_another_scale_are_softened_alike() -> None:
    scores = torch.randn(8, 5, generator=torch.Generator().manual_seed(1))
    assert temperature_of(100 * scores) == pytest.approx(100 * temperature_of(scores), rel=1e-5)
    assert temperature_of(torch.zeros(2, 5)) > 0
