"""Networks of several families cut where one value leads on."""

import pytest

from hwcodesign.nets.network import INPUT, Network
from hwcodesign.quantize.blocks import blocks
from hwcodesign.recipe import load_recipe
from tests.quantize.small import network


def test_a_fire_module_is_a_block_with_the_pool_behind_it():
    found = blocks(network(pool_after=("conv1", "fire2")))
    assert [(block.name, block.input) for block in found] == [
        ("conv1", INPUT), ("fire2", "pool1"), ("fire3", "pool2"), ("conv4", "fire3.concat")]  # fmt: skip
    assert [node.name for node in found[1].nodes][-1] == "pool2"
    assert found[1].quantizers(network()) == ["fire2.squeeze.quantizer", "fire2.quantizer"]


@pytest.mark.parametrize("recipe", ["resnet-8", "cifar10-zynqnet", "cifar10-squeezenet", "squeezenet-v1.0-imagenet"])
def test_each_reads_one_value_and_all_convolutions_are_in_one(recipe):
    net = load_recipe(recipe).describe()
    _whole(net)
    assert len(blocks(net)) > 2


@pytest.mark.parametrize("bypass", ["none", "simple", "complex"])
def test_bypasses(bypass):
    _whole(network(bypass=bypass, fire_modules=4))


def _whole(net: Network) -> None:
    found, known = blocks(net), INPUT
    for block in found:
        assert block.input == known and block.convolutions
        inside = {block.input}
        for node in block.nodes:
            assert set(node.inputs) <= inside
            inside.add(node.name)
        known = block.output
    assert [conv for block in found for conv in block.convolutions] == list(net.convolutions)
    assert len({block.name for block in found}) == len(found)
