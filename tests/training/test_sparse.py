"""Zeros: the smallest weights, and held while everything else trains."""

import torch

from hwcodesign.nets.build import float_module
from hwcodesign.training.sparse import set_smallest_to_zero, zeros_held
from tests.quantize.small import network


def test_the_smallest_of_each_layer_but_the_first_go() -> None:
    model = float_module(network())
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    set_smallest_to_zero(model, 0.25)
    for conv in model.network.convolutions:
        old, new = before[f"{conv.name}.weight"], model.get_submodule(conv.name).weight.detach()
        gone = new == 0
        assert int(gone.sum()) == (0 if conv.name == "conv1" else round(0.25 * new.numel()))
        assert torch.equal(new[~gone], old[~gone])
        if gone.any():
            assert old[gone].abs().max() <= old[~gone].abs().min()


def test_zeros_stay_while_the_others_move_and_move_again_behind_it() -> None:
    torch.manual_seed(0)
    model = float_module(network())
    set_smallest_to_zero(model, 0.5)
    layer = model.get_submodule("fire2.expand3x3")
    zeros, start = layer.weight.detach() == 0, layer.weight.detach().clone()
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)

    def step() -> None:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(torch.rand(4, 3, 20, 20) * 255), torch.arange(4)).backward()
        optimizer.step()

    with zeros_held(model):
        step()
        step()
        assert torch.equal(layer.weight == 0, zeros) and not torch.equal(layer.weight, start)
    step()
    assert (layer.weight == 0).sum() < zeros.sum()
