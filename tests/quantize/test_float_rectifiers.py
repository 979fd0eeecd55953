"""ReLUs of float ONNX files: into the layer before, or quantized again; what is no ReLU is told."""

import numpy as np
import onnx
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.nets.graph import layers_of
from hwcodesign.quantize.float_file import read_model
from hwcodesign.recipe import Recipe
from tests.quantize.float_onnx import Writer, in_file, scores


def test_a_relu_that_cannot_move_quantizes_again(tmp_path):
    w = Writer((1, 2, 6, 6))
    x = w.conv("a", "image", 4)
    y = w.conv("b", w.node("Relu", "act", [x]), 4)  # before the block: the sum has what is not rectified
    total = w.node("Relu", "end", [w.node("Add", "block", [x, y])])
    x = w.node("Flatten", "", [w.node("ReduceMean", "mean", [total], axes=[2, 3])])
    path = w.save(tmp_path / "pre.onnx", w.linear("fc", x, 4, 5))
    found, pixels = read_model(path), np.random.default_rng(0).random((3, 2, 6, 6))
    assert np.allclose(scores(found, pixels).numpy(), in_file(path, pixels), atol=1e-5)
    assert [type(node).__name__ for node in found.network.nodes[:3]] == ["Conv", "Requantize", "Conv"]


def test_relus_that_end(tmp_path):
    w = Writer((1, 3, 9, 9))
    least, most = w.constant("least", np.float32(0)), w.constant("most", np.float32(0.6))
    x = w.node("Clip", "six", [w.conv("a", "image", 4), least, most])
    x = w.node("MaxPool", "pool", [x], kernel_shape=[3, 3], strides=[2, 2])
    left = w.node("Clip", "left", [w.conv("b", x, 4), least, w.constant("other", np.float32(0.3))])
    right = w.node("Clip", "right", [w.conv("c", x, 4), least, most])
    plain = w.node("Relu", "plain", [w.conv("d", x, 4)])
    again = w.node("Clip", "again", [x, least, w.constant("lower", np.float32(0.2))])
    alike = w.node("Concat", "alike", [right, x], 8, axis=1)
    x = w.node("Concat", "all", [left, right, plain, again, alike], 24, axis=1)
    x = w.node("Clip", "last", [w.node("Relu", "", [w.conv("e", x, 5)]), "", most])
    x = w.node("Min", "", [most, w.node("Max", "", [w.conv("f", x, 5), least])])
    x = w.node("GlobalAveragePool", "mean", [x])
    path = w.save(tmp_path / "six.onnx", w.linear("fc", w.node("Flatten", "", [x]), 5, 5))
    found, pixels = read_model(path), np.random.default_rng(0).random((3, 3, 9, 9))
    assert np.allclose(scores(found, pixels).numpy(), in_file(path, pixels), atol=1e-5)
    by_name = {node.name: node for node in found.network.nodes}
    assert (by_name["a"].most, by_name["b"].most, by_name["d"].most) == (*np.float32([0.6, 0.3]), None)
    assert by_name["again"].most == np.float32(0.2) and by_name["e"].most == by_name["f"].most == np.float32(0.6)
    sharing = [by_name[name].quantizer for name in ("a", "b", "c", "d", "again")]
    assert len(set(sharing)) == 5
    described = {"family": "graph", "layers": layers_of(found.network.nodes)}
    data = {"dataset": "none", "size": (9, 9), "channels": 3, "classes": 5}
    again = Recipe(network=described, data=data, hardware={"board": "none"}).describe()
    assert again.nodes == found.network.nodes


def test_relus_that_leak(tmp_path):
    w = Writer((1, 3, 8, 8))
    x = w.node("LeakyRelu", "first", [w.norm("norm", w.conv("a", "image", 4, bias=False))], alpha=0.1)
    pooled = w.node("MaxPool", "pool", [w.conv("b", x, 4)], kernel_shape=[2, 2], strides=[2, 2])
    x = w.node("PRelu", "behind", [pooled, w.constant("slope", np.full((4, 1, 1), 0.25, np.float32))])
    both = w.node("Add", "sum", [x, w.node("Relu", "", [w.conv("c", x, 4)])])
    twice = w.node("LeakyRelu", "again", [w.node("LeakyRelu", "last", [both], alpha=0.5)], alpha=0.5)
    x = w.node("Flatten", "", [w.node("GlobalAveragePool", "mean", [w.conv("d", twice, 4)])])
    path = w.save(tmp_path / "leaky.onnx", w.linear("fc", x, 4, 5))
    found, pixels = read_model(path), np.random.default_rng(0).random((2, 3, 8, 8))
    assert np.allclose(scores(found, pixels).numpy(), in_file(path, pixels), atol=1e-5)
    leaks = {node.name: node.leak for node in found.network.nodes if getattr(node, "leak", 0)}
    assert leaks == {"a": 0.1, "b": 0.25, "sum.add": 0.5, "again": 0.5}
    assert {f"{name}.quantizer" for name in ("a", "b", "sum.add", "again")} <= found.network.signed_quantizers


def test_a_relu_of_several_slopes_is_named(tmp_path):
    w = Writer((1, 3, 8, 8))
    slopes = w.constant("slopes", np.arange(4, dtype=np.float32)[:, None, None])
    x = w.node("PRelu", "odd", [w.conv("a", "image", 4), slopes])
    x = w.node("Flatten", "", [w.node("GlobalAveragePool", "mean", [w.conv("b", x, 4)])])
    with pytest.raises(UserError, match=r"odd: below 0 it has several slopes"):
        read_model(w.save(tmp_path / "odd.onnx", w.linear("fc", x, 4, 5)))


@pytest.mark.parametrize("ends", [{"min": -1.0, "max": 1.0}, {"max": 6.0}, {"min": 0.0, "max": 0.0}])
def test_clips_that_are_no_relus(ends, tmp_path):
    w = Writer((1, 3, 8, 8))
    x = w.node("Clip", "odd", [w.conv("a", "image", 4)], **ends)
    x = w.node("Flatten", "", [w.node("GlobalAveragePool", "mean", [x])])
    made = w.save(tmp_path / "odd.onnx", w.linear("fc", x, 4, 5))
    model = onnx.load(made)
    model.opset_import[0].version = 10
    onnx.save(model, made)
    with pytest.raises(UserError, match=r"odd: it clips at other ends than 0 and a number above"):
        read_model(made)
