"""Shared values: the weights that they were made of, gradients summed over all that share, zeros without any."""

import torch
from torch.nn import Conv2d
from torch.nn.utils import parametrize

from hwcodesign.quantize.codebook import share_values

WEIGHT = torch.tensor([0.5, 0.0, -0.25, 0.5, 0.5, 0.0]).reshape(2, 3, 1, 1)


def layer() -> Conv2d:
    made = Conv2d(3, 2, 1)
    with torch.no_grad():
        made.weight.copy_(WEIGHT)
    share_values(torch.nn.Sequential(made))
    return made


def test_weights_stay_and_their_values_are_the_parameters() -> None:
    made = layer()
    assert torch.equal(made.weight, WEIGHT)
    assert [tuple(p.shape) for p in made.parameters()] == [(2,), (2,)]  # biases, and values


def test_a_value_gets_the_gradients_of_all_weights_that_share_it() -> None:
    made = layer()
    gradient = torch.arange(1.0, 7.0).reshape(WEIGHT.shape)
    made.weight.backward(gradient)
    assert made.parametrizations.weight.original.grad.tolist() == [3.0, 1.0 + 4.0 + 5.0]
    with torch.no_grad():
        made.parametrizations.weight.original.copy_(torch.tensor([-1.0, 2.0]))
    assert made.weight.flatten().tolist() == [2.0, 0.0, -1.0, 2.0, 2.0, 0.0]
    parametrize.remove_parametrizations(made, "weight")
    assert made.weight.flatten().tolist() == [2.0, 0.0, -1.0, 2.0, 2.0, 0.0]
