"""The moving average of weights."""

import torch
from torch import nn

from hwcodesign.training.average import Average


def test_it_follows_the_recurrence_with_a_quick_start():
    model = nn.BatchNorm1d(1)
    average = Average(model, decay=0.3)
    expected = 1.0
    for step, weight in enumerate([5.0, -2.0, 3.0, 7.0]):
        with torch.no_grad():
            model.weight.fill_(weight)
            model.running_mean.fill_(weight)
        average.update(model)
        decay = min(0.3, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * weight
        assert torch.isclose(average.model.weight, torch.tensor(expected))
    assert average.model.running_mean.item() != 0  # statistics follow too
    assert not average.model.weight.requires_grad


def test_the_model_is_not_touched():
    model = nn.Linear(2, 2)
    before = model.weight.clone()
    average = Average(model, decay=0.9)
    average.update(model)
    assert torch.equal(model.weight, before)
    assert model.weight.requires_grad
