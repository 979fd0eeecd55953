"""Channels made more alike: the same function, and nothing where a value is added or averaged."""

import numpy as np
import pytest
import torch

from hwcodesign.nets.network import Quantization
from hwcodesign.quantize.channel_steps import channel_steps
from hwcodesign.quantize.equalization import equalized, fewest_bits, fitting_strengths
from hwcodesign.quantize.quantized import Grid, Quantized, QuantizedLayer, forward
from tests.quantize.small import images, network, weights

NUMBERS = (0.0, 255.0)
QUANTIZATION = Quantization()


def float_scores(net, found, pixels):
    """By way of activations of so many bits that they are float's."""
    layers = {
        name: QuantizedLayer(torch.from_numpy(w.weight.astype(np.float64)), torch.ones(len(w.bias)).double(),
                             torch.from_numpy(w.bias.astype(np.float64)))
        for name, w in found.items()
    }  # fmt: skip
    quantizers = net.activation_bits(QUANTIZATION)
    fine = Quantized(layers, dict.fromkeys(quantizers, 2.0**-18), dict.fromkeys(quantizers, Grid.of(24, signed=False)))
    raw = torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy()).float()
    return forward(net, fine, raw, *NUMBERS).numpy()


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_the_function_stays_and_channels_come_nearer(strength):
    net, pixels = network(), images(6)
    before = weights(net)
    before["conv1"].weight[0] *= 20
    steps = channel_steps(net, before, pixels, net.activation_bits(QUANTIZATION), NUMBERS)
    after = equalized(net, before, steps, dict.fromkeys(net.activation_bits(QUANTIZATION), strength))
    assert np.allclose(float_scores(net, before, pixels), float_scores(net, after, pixels), rtol=1e-3, atol=1e-3)
    new = channel_steps(net, after, pixels, net.activation_bits(QUANTIZATION), NUMBERS)
    spread = [s["conv1"].max() / s["conv1"][s["conv1"] > 0].min() for s in (steps, new)]
    assert spread[1] == pytest.approx(spread[0]) if strength == 0 else spread[1] < 0.7 * spread[0]
    assert np.array_equal(after["conv4"].bias, before["conv4"].bias)  # the scores' own channels


def test_bypasses_are_left_alone():
    net = network(bypass="simple")
    before = weights(net)
    steps = channel_steps(net, before, images(4), net.activation_bits(QUANTIZATION), NUMBERS)
    after = equalized(net, before, steps, dict.fromkeys(net.activation_bits(QUANTIZATION), 1.0))
    added = [c.name for c in net.convolutions if c.quantizer == "fire2.quantizer"]
    assert added and all(np.array_equal(after[name].bias, before[name].bias) for name in added)
    assert not np.array_equal(after["fire2.squeeze"].bias, before["fire2.squeeze"].bias)


def test_weights_of_fewer_bits_than_what_they_read_keep_their_own_form():
    net = network()
    quantizers = net.activation_bits(Quantization())

    def strengths(weight_bits, activation_bits, **ends):
        bits = Quantization(weight_bits, activation_bits, **ends)
        of_activations = net.activation_bits(bits)
        return fitting_strengths(of_activations, fewest_bits(net, net.weight_bits(bits), of_activations))

    whole = strengths(4, 4)
    assert whole.keys() == quantizers.keys() and strengths(8, 4) == whole == strengths(8, 8)
    assert {whole[f"{name}.quantizer"] for name in ("conv1", "fire2.squeeze", "fire3.squeeze")} == {1.0}
    read = strengths(4, 8)
    assert {name for name, strength in read.items() if strength == 0.5} == set(quantizers) - {"conv4.quantizer"}
