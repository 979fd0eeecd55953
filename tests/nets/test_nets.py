"""Every family, found by itself: its defaults make a network that PyTorch builds as described."""

from math import prod

import pytest
import torch

from hwcodesign.core.errors import UserError
from hwcodesign.graph.predict import predict
from hwcodesign.nets import families, family_named
from hwcodesign.nets.build import float_module, quantized_module
from hwcodesign.nets.network import LayerBits, Network, Quantization, require_hardware
from hwcodesign.nets.squeezenet import SqueezeNet


def described(name: str) -> Network:
    return families()[name]().describe((224, 224, 3), 8)


def for_hardware(name: str) -> bool:
    try:
        require_hardware(described(name))
    except UserError:
        return False
    return True


def test_families_are_found():
    assert {"chain", "squeezenet"} <= families().keys()


def test_an_unknown_family_is_told_the_nearest():
    with pytest.raises(UserError, match=r"no network family 'squeezenets': did you mean 'squeezenet'"):
        family_named("squeezenets")


@pytest.mark.parametrize("name", families())
def test_the_defaults_of_every_family_are_as_described_in_float(name):
    network = described(name)
    names = [node.name for node in network.nodes]
    assert len(set(names)) == len(names)
    with torch.device("meta"):  # shapes alone, no memory
        model = float_module(network)
        scores = model(torch.zeros(1, 3, 224, 224))
    assert sum(p.numel() for p in model.parameters()) == sum(map(network.parameters, network.convolutions))
    assert scores.shape == (1, prod(network.shapes[network.nodes[-1].name]))


@pytest.mark.parametrize("name", filter(for_hardware, families()))
def test_the_families_for_hardware_build_quantized(name):
    network = described(name)
    if sum(map(network.parameters, network.convolutions)) > 10**8:
        pytest.skip("half a gigabyte of weights")
    with torch.no_grad():
        scores = quantized_module(network, Quantization()).eval()(torch.zeros(1, 3, 224, 224))
    assert scores.shape == (1, prod(network.shapes[network.nodes[-1].name]))


@pytest.mark.parametrize("name", ["alexnet", "googlenet"])
def test_the_families_for_analysis_are_refused(name):
    with pytest.raises(UserError, match=r"can be analysed, but not become hardware"):
        quantized_module(described(name), Quantization())


def test_bits_by_layer_and_by_module():
    network = SqueezeNet(fire_modules=2, pool_after=("conv1",)).describe((224, 224, 3), 10)
    bits = Quantization(4, 4, first_weight_bits=8, layers={
        "fire2": LayerBits(3, 6), "fire2.squeeze": LayerBits(5, None), "conv4": LayerBits(None, 8),
        "conv1": LayerBits(2, None)})  # fmt: skip
    weights, activations = network.weight_bits(bits), network.activation_bits(bits)
    assert [weights[n] for n in ("conv1", "fire2.squeeze", "fire2.expand3x3", "conv4")] == [2, 5, 3, 4]
    assert activations == {"conv1.quantizer": 4, "fire2.squeeze.quantizer": 6, "fire2.quantizer": 6,
                           "fire3.squeeze.quantizer": 4, "fire3.quantizer": 4, "conv4.quantizer": 8}  # fmt: skip
    types = {layer.name: layer.output.type.bits for layer in predict(network, bits).layers}
    assert types["fire2.squeeze"] == 6 and types["conv4"] == 8 and types["fire3.expand1x1"] == 4
    with pytest.raises(UserError, match=r"fire2.expand1x1 and fire2.expand3x3 share one quantizer, but have 3 and 4"):
        network.activation_bits(Quantization(layers={"fire2.expand3x3": LayerBits(None, 3)}))
    with pytest.raises(UserError, match=r"quantization.layers.fire9: did you mean"):
        network.weight_bits(Quantization(layers={"fire9": LayerBits(3)}))
