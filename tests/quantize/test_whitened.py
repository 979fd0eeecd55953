"""Along white directions every move changes a filter's sums alike, and never their mean."""

import numpy as np
import pytest
import torch

from hwcodesign.nets.network import INPUT, Quantization
from hwcodesign.quantize.layerwise import quantize
from hwcodesign.quantize.quantized import convolved, values_of
from hwcodesign.quantize.whitened import whitened
from hwcodesign.recipe import load_recipe
from tests.quantize.small import images, network, weights
from tests.quantize.test_equalization import NUMBERS
from tests.quantize.test_trainable import residual


def depthwise():
    """Convolutions of as many groups as channels."""
    changes = {"data.size": (20, 20), "data.classes": 5, "data.dataset": "none"}
    return load_recipe("cifar10-mobilenet", changes).describe()


@pytest.fixture(scope="module", params=[network, residual, depthwise])
def quantized(request):
    net, pixels = request.param(), images(64)
    bits = Quantization(3, 4)
    found = quantize(net, weights(net), pixels, net.weight_bits(bits), net.activation_bits(bits), NUMBERS)
    return net, found, pixels


def test_a_move_of_one_in_every_direction_moves_the_sums_by_as_much_as_they_vary(quantized):
    net, found, pixels = quantized
    white = whitened(net, found, pixels, NUMBERS)
    raw = torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy()).float()
    values = values_of(net, found, (raw - NUMBERS[0]) / NUMBERS[1])
    random = torch.Generator().manual_seed(0)
    assert values[INPUT].shape == raw.shape
    for conv in net.convolutions:
        layer = found.layers[conv.name]
        moves = 2.0 * torch.randint(0, 2, layer.integers.shape, generator=random) - 1
        added = white[conv.name].weights(moves)
        nothing = torch.zeros(conv.filters)
        before, change = (
            convolved(conv, values[conv.input], weight, nothing).transpose(0, 1).flatten(1)
            for weight in (layer.weight.float(), added)
        )
        varies = before.std(1) > 0  # what a dead channel alone feeds does not, and stays
        assert not change.std(1)[~varies].any()
        ratio = (change.std(1) / before.std(1))[varies]
        assert 0.4 < ratio.median() < 1.3 and ratio.max() < 4
        off = (change.mean(1) - white[conv.name].sums(added)).abs()
        assert float((off / before.std(1))[varies].max()) < 0.3  # borders, and the windows that were not drawn


def test_it_is_the_same_every_time(quantized):
    net, found, pixels = quantized
    one, two = (whitened(net, found, pixels, NUMBERS) for _ in range(2))
    assert all(torch.equal(one[name].turn, two[name].turn) for name in one)


def test_what_no_image_moves_is_not_moved(quantized):
    net, found, _ = quantized
    white = whitened(net, found, np.zeros((8, 20, 20, 3), np.uint8), NUMBERS)
    for conv in net.convolutions:
        moved = white[conv.name].weights(torch.ones(found.layers[conv.name].integers.shape))
        assert moved.isfinite().all()
