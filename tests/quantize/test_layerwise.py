"""A network quantized layer by layer: near the float one, better than rounding, the same every time."""

import numpy as np
import pytest
import torch

from hwcodesign.core.errors import UserError
from hwcodesign.export.float_weights import Weights
from hwcodesign.nets.network import Concat, Conv, GlobalAvgPool, Network, Quantization
from hwcodesign.quantize.layerwise import quantize
from hwcodesign.quantize.quantized import Quantized, QuantizedLayer, forward, with_normalisation
from hwcodesign.quantize.rounding import scales_for
from tests.quantize.small import images, network, weights
from tests.quantize.test_equalization import NUMBERS, float_scores


def quantized(net, weight_bits, activation_bits, found=None):
    bits = Quantization(weight_bits, activation_bits)
    return quantize(net, found or weights(net), images(16), net.weight_bits(bits), net.activation_bits(bits), NUMBERS)


def error(net, made, pixels):
    raw = torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy()).float()
    wanted = float_scores(net, weights(net), pixels)
    return float(np.square(forward(net, made, raw, *NUMBERS).numpy() - wanted).mean() / np.var(wanted))


@pytest.mark.parametrize("bypass", ["none", "simple", "complex"])
def test_more_bits_come_nearer_and_all_is_within_its_range(bypass):
    net, other = network(bypass=bypass), images(12, seed=5)
    made = {bits: quantized(net, bits, bits) for bits in (8, 4, 2)}
    errors = {bits: error(net, found, other) for bits, found in made.items()}
    assert errors[8] < 0.02 and errors[8] < errors[4] < errors[2]
    assert all(layer.integers.abs().max() <= 7 for layer in made[4].layers.values())
    assert set(made[4].steps) == set(net.activation_bits(Quantization())) and min(made[4].steps.values()) > 0


def test_it_is_better_than_rounding_to_nearest():
    net, other = network(), images(12, seed=5)
    made, layers = quantized(net, 3, 8), {}
    for name, (weight, bias) in weights(net).items():
        flat = torch.from_numpy(weight).double().flatten(1)
        scale = scales_for(flat, torch.ones(flat.shape[1]).double(), 3)
        integers = (flat / scale[:, None]).round().clamp(-3, 3).reshape(weight.shape)
        layers[name] = QuantizedLayer(integers, scale, torch.from_numpy(bias).double())
    nearest = Quantized(layers, made.steps, made.grids)
    assert error(net, made, other) < 0.6 * error(net, nearest, other)


def test_the_same_every_time():
    net = network()
    one, two = quantized(net, 4, 4), quantized(net, 4, 4)
    assert one.steps == two.steps
    assert all(torch.equal(one.layers[n].integers, two.layers[n].integers) for n in one.layers)


def test_a_dead_layer_and_one_bit():
    net = network()
    dead = weights(net)
    dead["fire2.squeeze"] = Weights(dead["fire2.squeeze"].weight, np.full_like(dead["fire2.squeeze"].bias, -1e6))
    with pytest.raises(UserError, match=r"fire2.squeeze is dead: its activations are 0 on every calibration image"):
        quantized(net, 4, 4, dead)
    with pytest.raises(UserError, match=r"conv1: 1 bit takes training"):
        quantized(net, 1, 4)


def test_a_mean_and_a_divisor_by_channel_fold_exactly():
    net, pixels = network(), images(5)
    plain = weights(net)
    folded = with_normalisation(net, plain, (100.0, 110.0, 120.0), (50.0, 60.0, 70.0))
    raw = pixels.astype(np.float64).transpose(0, 3, 1, 2)
    numbers = (raw - np.array([100, 110, 120])[:, None, None]) / np.array([50, 60, 70])[:, None, None]
    sums = [
        torch.nn.functional.conv2d(torch.from_numpy(x), torch.from_numpy(w["conv1"].weight).double(),
                                   torch.from_numpy(w["conv1"].bias).double(), 2)
        for x, w in ((numbers, plain), (raw / 255, folded))
    ]  # fmt: skip
    assert torch.allclose(*sums, atol=1e-5)


def test_one_layer_reads_a_map_twice():
    nodes = Conv("a", "input", 4, pad=1, kernel=3, quantizer="a.quantizer"), Concat("c", ("a", "a")), Conv("d", "c", 5)
    net = Network("twice", (20, 20, 3), 5, (*nodes, GlobalAvgPool("g", "d")))
    made = quantized(net, 8, 8)
    assert error(net, made, images(12, seed=5)) < 0.02
