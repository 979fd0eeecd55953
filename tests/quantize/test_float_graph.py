"""Float ONNX files as our networks: the same function, quantizers where hardware needs them, every fault by path."""

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.quantize.float_file import read_model
from tests.quantize.float_onnx import Writer, in_file, residual, scores


def test_it_is_the_same_function(tmp_path):
    path = residual(tmp_path / "float.onnx")
    found, pixels = read_model(path), np.random.default_rng(0).random((4, 3, 18, 18))
    assert np.allclose(found.mean, 0.4) and np.allclose(found.divisor, 0.25)
    assert np.allclose(scores(found, pixels).softmax(1).numpy(), in_file(path, pixels), atol=1e-5)
    assert {conv.name for conv in found.network.convolutions} == {
        "stem.conv", "layer1.conv1", "layer1.conv2", "layer2.conv1", "layer2.conv2", "layer2.down", "dw", "branch.a",
        "branch.b", "fc",
    }  # fmt: skip


def test_every_layer_without_hardware_is_listed(tmp_path):
    w = Writer((1, 3, 16, 16))
    odd = [
        w.node("Tanh", "tanh", [w.conv("a", "image", 4)]),
        w.node("MaxPool", "far", [w.conv("d", "image", 4)], kernel_shape=[3, 3], dilations=[2, 2], pads=[2] * 4),
        w.node("MaxPool", "pool", [w.conv("b", "image", 4)], kernel_shape=[3, 3], strides=[1, 1], pads=[2, 2, 0, 0]),
        w.node("AveragePool", "average", [w.conv("c", "image", 4)], kernel_shape=[3, 3], strides=[1, 1], pads=[1] * 4),
    ]
    x = w.node("Concat", "all", odd, 16, axis=1)
    x = w.node("Flatten", "", [w.node("GlobalAveragePool", "mean", [x])])
    with pytest.raises(UserError) as refused:
        read_model(w.save(tmp_path / "odd.onnx", w.linear("fc", x, 16, 5)))
    said = str(refused.value)
    assert "4 things in this network" in said
    for layer in ("tanh", "far", "pool", "average"):
        assert f"\n  {layer}: " in said
