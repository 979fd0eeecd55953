"""Networks layer by layer from a recipe's tables, and what makes none."""

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.graph.predict import predict
from hwcodesign.nets.graph import layers_of
from hwcodesign.nets.network import (
    Add,
    AvgPool,
    Channels,
    Concat,
    Conv,
    GlobalAvgPool,
    MaxPool,
    Network,
    PixelShuffle,
    Quantization,
    Requantize,
    Upsample,
)
from hwcodesign.recipe import Recipe

NODES = (
    Conv("stem.0", "input", 4, 3, 1, 1, quantizer="stem.0.quantizer"),
    MaxPool("pool", "stem.0", 2, 2),
    Conv("left", "pool", 4, 3, 1, 1, groups=4, quantizer="left.quantizer", relu=False),
    Requantize("right", "pool", "left.quantizer"),
    Add("sum", ("left", "right"), "sum.quantizer", relu=False),
    Conv("a", "sum", 3, quantizer="a.quantizer"),
    Conv("b", "sum", 3, quantizer="a.quantizer"),
    Concat("both", ("a", "b")),
    AvgPool("windows", "both", 3, 1, 1),
    GlobalAvgPool("mean", "windows"),
    Conv("fc", "mean", 5, relu=False),
)


def described(layers, classes=5):
    data = {"dataset": "none", "size": (8, 8), "channels": 3, "classes": classes}
    return Recipe(network={"family": "graph", "layers": layers}, data=data, hardware={"board": "none"}).describe()


def test_written_down_and_read_again_it_is_the_same():
    network = described(layers_of(NODES))
    assert network == Network("graph", (8, 8, 3), 5, NODES)
    assert network.signed_quantizers == {"left.quantizer", "sum.quantizer"}
    types = {layer.name: layer.output.type for layer in predict(network, Quantization()).layers}
    assert [types[n].signed for n in ("left", "right", "sum.quantizer", "a")] == [True, True, True, False]


MOVING = (
    Conv("stem", "input", 8, 3, 1, 1, quantizer="stem.quantizer"),
    Channels("half", "stem", (7, 6, 1, 0)),
    PixelShuffle("fine", "half", 2),
    Upsample("tall", "fine", (2, 1)),
    Conv("scores", "tall", 3, relu=False),
)


def test_what_only_moves_is_written_down_and_read_again_too():
    assert described(layers_of(MOVING), classes=3).nodes == MOVING  # a map: so many scores a pixel
    graph = predict(described(layers_of(MOVING), classes=3), Quantization())
    found = [(layer.name, layer.kind, layer.output.shape) for layer in graph.layers if layer.name.startswith("tall")]
    assert found == [
        ("tall.gather", "gather", (8, 8, 4)),
        ("tall.shuffle", "depth_to_space", (16, 16, 1)),
        ("tall", "upsample", (32, 16, 1)),
    ]


CONV = {"layer": "conv", "name": "c", "input": "input", "filters": 5, "kernel": 8}


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([{"layer": "convolution"}], r"network.layers.0 = .*'conv', 'max pool', 'average pool', 'global pool'"),
        ([CONV | {"input": "d"}], r"c reads 'd', and there is no such layer before it"),
        ([CONV, CONV], r"two layers are called c"),
        ([CONV | {"filters": 20}, {"layer": "pixel shuffle", "name": "p", "input": "c", "factor": 2}],
         r"p makes pixels of c, whose channels have no step in common"),
        ([CONV | {"name": "a/b"}], r"letters, digits and _"),
        ([CONV | {"name": "c", "filters": 7}], r"c: it gives 7 scores, and data.classes = 5"),
        ([CONV | {"quantizer": "c"}, CONV | {"name": "d", "quantizer": "d"},
          {"layer": "add", "name": "e", "inputs": ["c", "d"], "quantizer": "e"}],
         r"e joins c and d, which must share one quantizer"),
        ([CONV | {"relu": False, "most": 6.0, "quantizer": "c"}], r"c has most = 6, the end of a ReLU, and no ReLU"),
        ([CONV | {"most": 6.0, "quantizer": "c"}, CONV | {"name": "d", "quantizer": "c"}],
         r"c and d share one quantizer, and differ in `most`"),
        ([CONV | {"quantizer": "c"}, {"layer": "average pool", "name": "d", "input": "c", "kernel": 1, "stride": 1},
          {"layer": "add", "name": "e", "inputs": ["c", "d"], "quantizer": "e"}],
         r"e joins c and d, which must share one quantizer"),
    ],
)  # fmt: skip
def test_what_is_no_network(layers, message):
    with pytest.raises(UserError, match=message):
        described(layers)


def test_two_layers_that_quantize_the_same_values_alike_are_refused():
    nodes = (
        Conv("stem", "input", 8, 3, quantizer="stem.quantizer"),
        Channels("a", "stem", (0, 1)),
        Channels("b", "stem", (0, 1)),
        Requantize("left", "a", "both.quantizer"),
        Requantize("right", "b", "both.quantizer"),
        Concat("both", ("left", "right")),
        Conv("scores", "both", 5, relu=False),
    )
    with pytest.raises(UserError, match=r"right is what left is, .* leave it out, and read left in its place"):
        described(layers_of(nodes), classes=5)
    other = Channels("b", "stem", (1, 0))
    assert described(layers_of((*nodes[:2], other, *nodes[3:])), classes=5).nodes[2] == other
