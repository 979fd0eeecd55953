"""Mixed labels, and what a teacher adds to the loss."""

import math

import torch

from hwcodesign.recipe import TrainTable, load_recipe
from hwcodesign.training.criteria.classify import LOSS_SHARPNESS, CrossEntropy, loss_of


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def mixing(**table: float) -> CrossEntropy:
    """Of a network with ten classes."""
    return CrossEntropy(load_recipe("digits-squeezenet").model_copy(update={"train": TrainTable(**table)}))


def test_images_and_labels_are_mixed_in_the_same_shares():
    labels = torch.arange(6)
    pixels = labels.float().reshape(6, 1, 1, 1).expand(6, 1, 2, 2)
    blend, targets = mixing(mixup=0.4).drawn(pixels, labels, seeded())
    assert torch.allclose(targets.sum(1), torch.ones(len(targets)))
    assert torch.allclose((targets * torch.arange(10.0)).sum(1), blend[:, 0, 0, 0])  # each pixel is its label
    share = targets.diagonal()
    assert torch.allclose(share[share < 1], share[share < 1][:1].expand_as(share[share < 1]))


def test_a_pasted_rectangle_counts_by_its_area():
    labels = torch.arange(6)
    pixels = labels.float().reshape(6, 1, 1, 1).expand(6, 1, 9, 12)
    blend, targets = mixing(cutmix=1.0).drawn(pixels, labels, seeded())
    assert torch.allclose((targets * torch.arange(10.0)).sum(1), blend.mean((1, 2, 3)))


def test_labels_and_their_one_hot_shares_give_one_loss():
    scores, labels = torch.randn(5, 3, generator=seeded()), torch.tensor([0, 2, 1, 1, 0])
    table = TrainTable(label_smoothing=0.1)
    shares = torch.nn.functional.one_hot(labels, 3).float()
    assert torch.isclose(loss_of(scores, labels, None, table), loss_of(scores, shares, None, table))


def test_a_smoothed_loss_by_hand():
    scores = torch.tensor([[0.0, math.log(3) / LOSS_SHARPNESS]])  # probabilities 1/4 and 3/4
    loss = loss_of(scores, torch.tensor([1]), None, TrainTable(label_smoothing=0.2))
    assert math.isclose(float(loss), -(0.9 * math.log(3 / 4) + 0.1 * math.log(1 / 4)), rel_tol=1e-6)


def test_whole_distillation_is_least_at_the_teachers_scores():
    teacher, table = torch.randn(4, 3, generator=seeded()), TrainTable(distillation=1.0)
    scores = teacher.clone().requires_grad_()
    loss_of(scores, torch.zeros(4, dtype=torch.int64), teacher, table).backward()
    assert scores.grad.abs().max() < 1e-6


def test_an_image_is_right_if_its_label_has_the_highest_score():
    scores = torch.tensor([[1.0, 2.0], [2.0, 1.0], [3.0, 1.0]])
    recipe = load_recipe("digits-squeezenet")
    right = CrossEntropy(recipe).judged(scores, torch.zeros(3, 1, 1, 1), torch.tensor([1, 1, 0]))
    assert right.tolist() == [True, False, True]
    pixels, labels = torch.zeros(2, 1, 4, 4), torch.tensor([3, 9])
    assert CrossEntropy(recipe).drawn(pixels, labels, seeded())[1] is labels
    assert mixing(mixup=0.2).drawn(pixels, labels, seeded())[1].shape == (2, 10)
