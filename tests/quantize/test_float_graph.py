"""Float ONNX files as our networks: the same function, quantizers where hardware needs them, every fault by path."""

import numpy as np
import onnxruntime
import pytest
import torch

from hwcodesign.core.errors import UserError
from hwcodesign.nets.build import float_module
from hwcodesign.quantize.float_file import read_model
from tests.quantize.float_onnx import Writer, residual


def scores(found, pixels: np.ndarray) -> np.ndarray:
    """Of our float module, for pixels as the file takes them."""
    module = float_module(found.network, 0.0, 1.0).eval()
    with torch.no_grad():
        for name, (weight, bias) in found.weights.items():
            module.get_submodule(name).weight.copy_(torch.from_numpy(weight))
            module.get_submodule(name).bias.copy_(torch.from_numpy(bias))
        shape = (1, -1, 1, 1)
        return module(torch.from_numpy((pixels - found.mean.reshape(shape)) / found.divisor.reshape(shape)).float())


def in_file(path, pixels: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, {"image": image[None].astype(np.float32)})[0] for image in pixels])


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
