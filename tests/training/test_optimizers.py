"""Each optimizer of a recipe makes the step that its definition says."""

import pytest
import torch
from torch import nn

from hwcodesign.recipe import TrainTable
from hwcodesign.training.optimizers import make_optimizer

RATE, DECAY = 0.1, 0.5


class One(nn.Module):
    """One weight (a matrix, so that it decays) and one scale (which does not), both 2."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((1, 1), 2.0))
        self.scale = nn.Parameter(torch.tensor(2.0))


def two_steps(name: str, momentum: float) -> tuple[float, float]:
    """Weight and scale behind two steps with the gradient 1."""
    model = One()
    table = TrainTable(optimizer=name, learning_rate=RATE, momentum=momentum, weight_decay=DECAY)
    optimizer = make_optimizer(model, table)
    for _ in range(2):
        for parameter in model.parameters():
            parameter.grad = torch.ones_like(parameter)
        optimizer.step()
    return model.weight.item(), model.scale.item()


def by_hand(step, decay: float) -> float:
    value, memory = 2.0, {}
    for number in (1, 2):
        value -= RATE * step(1 + decay * value, memory, number)
    return value


def sgd(gradient, memory, number):
    memory["v"] = 0.9 * memory.get("v", 0.0) + gradient
    return memory["v"]


def nesterov(gradient, memory, number):
    return gradient + 0.9 * sgd(gradient, memory, number)


def rmsprop(gradient, memory, number):
    memory["s"] = 0.99 * memory.get("s", 0.0) + 0.01 * gradient**2
    memory["b"] = 0.9 * memory.get("b", 0.0) + gradient / (memory["s"] ** 0.5 + 1e-8)
    return memory["b"]


def adagrad(gradient, memory, number):
    memory["s"] = memory.get("s", 0.0) + gradient**2
    return gradient / (memory["s"] ** 0.5 + 1e-10)


def adam(gradient, memory, number):
    memory["m"] = 0.9 * memory.get("m", 0.0) + 0.1 * gradient
    memory["s"] = 0.999 * memory.get("s", 0.0) + 0.001 * gradient**2
    return memory["m"] / (1 - 0.9**number) / ((memory["s"] / (1 - 0.999**number)) ** 0.5 + 1e-8)


@pytest.mark.parametrize("step", [sgd, nesterov, rmsprop, adagrad, adam])
def test_steps(step):
    weight, scale = two_steps(step.__name__, momentum=0.9)
    assert weight == pytest.approx(by_hand(step, DECAY), rel=1e-5)
    assert scale == pytest.approx(by_hand(step, 0.0), rel=1e-5)


def test_nesterov_without_momentum_is_plain_descent():
    assert two_steps("nesterov", momentum=0.0) == two_steps("sgd", momentum=0.0)
