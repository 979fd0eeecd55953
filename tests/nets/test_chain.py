"""Chains of layers from a recipe's tables."""

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.nets.network import AvgPool, Conv, MaxPool
from hwcodesign.recipe import Recipe


def described(layers, size=(8, 8)):
    data = {"dataset": "none", "size": size, "channels": 3, "classes": 5}
    return Recipe(network={"family": "chain", "layers": layers}, data=data, hardware={"board": "icebreaker"}).describe()


def test_a_convolutional_chain():
    network = described([
        {"layer": "conv", "filters": 4, "pad": 1}, {"layer": "pool"},
        {"layer": "conv", "filters": 6, "kernel": 2, "stride": 2}, {"layer": "dense", "units": 7},
    ])  # fmt: skip
    assert network.nodes == (
        Conv("conv1", "input", 4, 3, 1, 1, quantizer="conv1.quantizer"),
        MaxPool("pool2", "conv1", 2, 2),
        Conv("conv3", "pool2", 6, 2, 2, quantizer="conv3.quantizer"),
        Conv("dense4", "conv3", 7, 2, quantizer="dense4.quantizer"),
        Conv("scores", "dense4", 5, 1),
    )
    assert network.shapes["scores"] == (1, 1, 5)


def test_sides_that_differ():
    layers = [{"layer": "conv", "filters": 4, "kernel": (3, 1), "pad": (1, 0)}, {"layer": "pool", "kernel": (1, 2)}]
    network = described([*layers, {"layer": "dense", "units": 3}], (8, 12))
    mean = described([layers[0], layers[1] | {"mean": True}], (8, 12))
    assert mean.nodes[1] == AvgPool("pool2", "conv1", (1, 2), (1, 2))
    assert network.shapes["pool2"] == (8, 6, 4)
    assert [network.weights(conv) for conv in network.convolutions] == [
        4 * 3 * network.input_shape[2],
        8 * 6 * 4 * 3,
        15,
    ]


def test_a_dilated_kernel_covers_more():
    layers = [{"layer": "conv", "filters": 4, "pad": (2, 0), "dilation": (2, 1)}]
    network = described(layers, (8, 8))
    assert network.shapes["conv1"] == (8, 6, 4) and network.convolutions[0].dilation == (2, 1)
    with pytest.raises(UserError, match=r"conv1: its 9x9 kernel \(3x3, dilated\) is larger than its input of 8x8"):
        assert described([{"layer": "conv", "filters": 4, "dilation": 4}]).shapes


def test_dense_layers_alone_are_a_perceptron():
    network = described([{"layer": "dense", "units": 10}, {"layer": "dense", "units": 20}])
    assert [network.parameters(conv) for conv in network.convolutions] == [192 * 10 + 10, 10 * 20 + 20, 20 * 5 + 5]


@pytest.mark.parametrize(
    ("layers", "size", "message"),
    [
        ([{"layer": "convolution"}], (8, 8), r"network.layers.0 = .*'conv', 'pool', 'dense'"),
        ([{"layer": "conv"}], (8, 8), r"network.layers.0.conv.filters = .*Field required"),
        ([{"layer": "conv", "filters": 2, "kernl": 3}], (8, 8), r"network.layers.0.conv.kernl = 3"),
        ([{"layer": "pool", "kernel": 9}], (8, 8), r"pool1: its 9x9 kernel is larger than its input of 8x8 pixels"),
    ],
)
def test_chains_that_make_no_network(layers, size, message):
    with pytest.raises(UserError, match=message):
        described(layers, size)
