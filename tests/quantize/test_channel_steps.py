"""Steps of activations, channel by channel, over all images whatever the batch."""

import numpy as np
import pytest
import torch

from hwcodesign.export.float_weights import Weights
from hwcodesign.nets.network import Quantization
from hwcodesign.quantize.channel_steps import channel_steps
from hwcodesign.quantize.quantized import grids
from tests.quantize import small

NET = small.network()
WEIGHTS = small.weights(NET)
NUMBERS = (10.0, 255.0)


def steps_of(images, weights=WEIGHTS, bits=4):
    return channel_steps(NET, weights, images, NET.activation_bits(Quantization(4, bits)), NUMBERS)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_a_channel_alone_loses_no_more_at_another_step(bits):
    images = small.images(11)  # more than a batch, and a part of one
    first = NET.convolutions[0]
    raw = (torch.from_numpy(images.transpose(0, 3, 1, 2).copy()).float() - NUMBERS[0]) / NUMBERS[1]
    weight, bias = (torch.from_numpy(part) for part in WEIGHTS[first.name])
    values = torch.nn.functional.conv2d(raw, weight, bias, first.stride, first.pad).relu().transpose(0, 1).flatten(1)
    grid = grids(NET, NET.activation_bits(Quantization(4, bits)))[first.quantizer]
    steps = torch.from_numpy(steps_of(images, bits=bits)[first.name])[:, None].float()
    assert (steps > 0).all()

    def lost(by):
        return (grid.rounded(values, by * steps) - values).square().mean(1)

    assert lost(1.0).sum() < torch.minimum(lost(0.7), lost(1.4)).sum()  # each alone was seen on a part of the pixels


def test_a_larger_channel_takes_a_larger_step_and_a_dead_one_none():
    images, changed = small.images(8), dict(WEIGHTS)
    weight, bias = (part.copy() for part in WEIGHTS["conv1"])
    weight[0], bias[0] = 20 * weight[0], 20 * bias[0]
    weight[1], bias[1] = 0, -1
    changed["conv1"] = Weights(weight, bias)
    before, after = steps_of(images)["conv1"], steps_of(images, changed)["conv1"]
    assert after[0] == pytest.approx(20 * before[0], rel=1e-3) and after[1] == 0
    assert np.array_equal(after[2:], before[2:])


def test_every_convolution_in_front_of_a_quantizer_has_its_channels():
    found = steps_of(small.images(3))
    assert {name: len(steps) for name, steps in found.items()} == {
        conv.name: conv.filters for conv in NET.convolutions if conv.quantizer
    }
