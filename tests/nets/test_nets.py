"""Every family, found by itself: its defaults make a network that PyTorch builds as described."""

import pytest
import torch

from hwcodesign.core.errors import UserError
from hwcodesign.nets import families, family_named
from hwcodesign.nets.build import float_module, quantized_module
from hwcodesign.nets.network import Network, Quantization, require_hardware


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
    assert scores.shape == (1, network.shapes[network.nodes[-1].name][2])


@pytest.mark.parametrize("name", filter(for_hardware, families()))
def test_the_families_for_hardware_build_quantized(name):
    network = described(name)
    if sum(map(network.parameters, network.convolutions)) > 10**8:
        pytest.skip("half a gigabyte of weights")
    with torch.no_grad():
        scores = quantized_module(network, Quantization()).eval()(torch.zeros(1, 3, 224, 224))
    assert scores.shape == (1, network.shapes[network.nodes[-1].name][2])


@pytest.mark.parametrize("name", ["alexnet", "googlenet"])
def test_the_families_for_analysis_are_refused(name):
    with pytest.raises(UserError, match=r"can be analysed, but not become hardware"):
        quantized_module(described(name), Quantization())
