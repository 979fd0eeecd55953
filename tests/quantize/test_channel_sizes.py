"""Sizes of activations, channel by channel, over all images whatever the batch."""

import numpy as np
import torch

from hwcodesign.quantize.channel_sizes import channel_sizes
from tests.quantize import small

NET = small.network()
WEIGHTS = small.weights(NET)


def test_the_first_layers_are_root_mean_squares_of_what_relu_leaves() -> None:
    images = small.images(11)  # more than a batch, and a part of one
    found = channel_sizes(NET, WEIGHTS, images, (10.0, 255.0))
    first = NET.convolutions[0]
    raw = (torch.from_numpy(images.transpose(0, 3, 1, 2).copy()).float() - 10) / 255
    weight, bias = (torch.from_numpy(part) for part in WEIGHTS[first.name])
    values = torch.nn.functional.conv2d(raw, weight, bias, first.stride, first.pad).relu().double()
    assert np.allclose(found[first.name], values.square().mean((0, 2, 3)).sqrt().numpy(), rtol=1e-5)


def test_scores_have_no_relu_and_every_convolution_its_channels() -> None:
    found = channel_sizes(NET, WEIGHTS, small.images(3), (0.0, 255.0))
    assert {name: len(sizes) for name, sizes in found.items()} == {c.name: c.filters for c in NET.convolutions}
    assert all((sizes > 0).any() for sizes in found.values())
