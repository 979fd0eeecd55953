"""Float ONNX files as our networks: the same function, quantizers where hardware needs them, every fault by path."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from hwcodesign.core.errors import UserError
from hwcodesign.nets.build import float_module
from hwcodesign.nets.graph import layers_of
from hwcodesign.nets.network import Add, Requantize, require_hardware
from hwcodesign.quantize.float_file import read_model
from hwcodesign.recipe import Recipe
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


def test_what_is_joined_shares_a_quantizer(tmp_path):
    network = read_model(residual(tmp_path / "float.onnx")).network
    by_name = {node.name: node for node in network.nodes}
    again = next(node for node in network.nodes if isinstance(node, Requantize))
    assert by_name["layer1.add"].inputs == ("layer1.conv2", again.name)
    assert again.input == "pool" and again.quantizer == by_name["layer1.conv2"].quantizer
    assert by_name["layer2.conv2"].quantizer == by_name["layer2.down"].quantizer
    assert by_name["branch.a"].quantizer == by_name["branch.b"].quantizer and by_name["fc"].quantizer is None
    assert isinstance(by_name["layer2.add"], Add) and not by_name["layer2.add"].relu
    signed = {by_name[name].quantizer for name in ("layer1.conv2", "layer2.conv2", "layer2.add")}
    assert network.signed_quantizers == signed


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


def test_averages_over_windows_and_over_the_map(tmp_path):
    w = Writer((1, 3, 9, 9))
    x = w.node("Relu", "act", [w.conv("a", "image", 4)])
    pool = {"kernel_shape": [3, 3], "strides": [2, 2]}
    own = w.node("AveragePool", "own", [x], **pool, pads=[1] * 4, count_include_pad=1)
    before = w.node("Pad", "pad", [x, w.constant("pads", np.array([0, 0, 1, 1, 0, 0, 1, 1]))])
    before = w.node("AveragePool", "before", [before], **pool)
    x = w.node("Concat", "both", [own, before, w.node("Relu", "down", [w.conv("b", x, 4, stride=2)])], 12, axis=1)
    x = w.node("Relu", "late", [w.node("AveragePool", "tail", [w.conv("c", x, 5)], kernel_shape=[2, 2])])
    x = w.node("AveragePool", "all", [x], kernel_shape=[4, 4])
    path = w.save(tmp_path / "averages.onnx", w.linear("fc", w.node("Flatten", "", [x]), 5, 5))
    found, pixels = read_model(path), np.random.default_rng(0).random((3, 3, 9, 9))
    assert np.allclose(scores(found, pixels).numpy(), in_file(path, pixels), atol=1e-5)
    require_hardware(found.network)
    kinds = [type(node).__name__ for node in found.network.nodes]
    assert kinds == [
        "Conv", "AvgPool", "AvgPool", "Conv", "Requantize", "Requantize", "Concat", "Conv", "AvgPool", "Requantize",
        "GlobalAvgPool", "Conv",
    ]  # fmt: skip


def test_layers_that_see_all_pixels(tmp_path):
    w = Writer((1, 2, 4, 5))
    x = w.node("Sub", "centre", ["image", w.constant("mean", np.float32([[[0.4]], [[0.3]]]))])
    x = w.node("Div", "", [w.node("Flatten", "flat", [x]), w.constant("deviation", np.float32(0.25))])
    x = w.node("Relu", "", [w.norm("norm", w.linear("hidden", x, 40, 6))])
    path = w.save(tmp_path / "mlp.onnx", w.linear("fc", x, 6, 5))
    found, pixels = read_model(path), np.random.default_rng(0).random((3, 2, 4, 5))
    assert np.allclose(scores(found, pixels).numpy(), in_file(path, pixels), atol=1e-5)
    assert [conv.kernel for conv in found.network.convolutions] == [(4, 5), 1]


def test_pixels_of_another_order_or_scale_each(tmp_path):
    w = Writer((1, 2, 4, 4))
    x = w.node("Flatten", "flat", [w.node("Transpose", "turned", ["image"], perm=[0, 2, 3, 1])])
    y = w.node("Flatten", "", ["image"])
    y = w.node("BatchNormalization", "norm", [y, *(w.constant(n, np.ones(32, np.float32)) for n in "abcd")])
    total = w.node("Add", "sum", [w.linear("left", x, 32, 6), w.linear("right", y, 32, 6)])
    with pytest.raises(UserError) as refused:
        read_model(w.save(tmp_path / "mlp.onnx", w.linear("fc", w.node("Relu", "", [total]), 6, 5)))
    for told in ("turned: it reorders the elements", "norm: it scales every pixel"):
        assert f"\n  {told}" in str(refused.value)


def test_a_batch_norm_without_a_convolution_before_it(tmp_path):
    """As networks have it that normalize before each convolution: behind a pool, a concatenation, a sum."""
    w = Writer((1, 3, 8, 8))
    x = w.node("MaxPool", "pool", [w.node("Relu", "", [w.conv("a", "image", 4)])], kernel_shape=[2, 2], strides=[2, 2])
    y = w.conv("b", w.node("Relu", "", [w.norm("dense.norm", x)]), 4)
    x = w.node("Concat", "both", [x, y], 8, axis=1)
    x = w.node("Relu", "", [w.norm("head.norm", x)])
    x = w.node("Mul", "half", [w.node("GlobalAveragePool", "mean", [x]), w.constant("factor", np.float32(0.5))])
    path = w.save(tmp_path / "pre.onnx", w.linear("fc", w.node("Flatten", "", [x]), 8, 5))
    found, pixels = read_model(path), np.random.default_rng(0).random((3, 3, 8, 8))
    assert np.allclose(scores(found, pixels).numpy(), in_file(path, pixels), atol=1e-5)
    assert {conv.name: conv.groups for conv in found.network.convolutions if conv.groups > 1} == {
        "dense.norm": 4, "head.norm": 8, "half_": 8,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["network", "pixels.0", "type.weight", "features.half", "input", "a-b.c d"])
def test_any_name_of_a_layer_is_one_that_a_module_may_have(name, tmp_path):
    w = Writer((1, 3, 4, 4))
    x = w.node("Flatten", "", [w.node("Relu", "", [w.conv(name, "image", 4)])])
    found = read_model(w.save(tmp_path / "named.onnx", w.linear(f"{name}_fc", x, 64, 5)))
    pixels = np.random.default_rng(0).random((2, 3, 4, 4))
    assert np.allclose(scores(found, pixels).numpy(), in_file(tmp_path / "named.onnx", pixels), atol=1e-5)


def test_zeros_on_one_side_more_than_on_the_other(tmp_path):
    """As TensorFlow pads before strides, by SAME, by numbers or by a node of its own."""
    w = Writer((1, 3, 8, 9))
    around = w.constant("around", np.array([0, 0, 0, 1, 0, 0, 1, 2]))
    x = w.node("Relu", "", [w.conv("before", w.node("Pad", "own", ["image", around]), 4, pad=0, stride=2)])
    x = w.node("Relu", "", [w.conv("numbers", x, 4, groups=4, pads=[0, 1, 1, 0])])
    x = w.node("Relu", "", [w.conv("upper", x, 4, auto_pad="SAME_UPPER", kernel=4)])
    x = w.node("Relu", "", [w.conv("lower", x, 4, stride=2, auto_pad="SAME_LOWER")])
    x = w.node("Flatten", "", [w.node("GlobalAveragePool", "mean", [x])])
    for node in w.nodes:
        if any(attribute.name == "auto_pad" for attribute in node.attribute):
            node.attribute.remove(next(a for a in node.attribute if a.name == "pads"))
    path = w.save(tmp_path / "same.onnx", w.linear("fc", x, 4, 5))
    found, pixels = read_model(path), np.random.default_rng(0).random((3, 3, 8, 9))
    assert np.allclose(scores(found, pixels).numpy(), in_file(path, pixels), atol=1e-5)
    assert {conv.name: (conv.kernel, conv.pad) for conv in found.network.convolutions[:3]} == {
        "before": (4, (1, 2)), "numbers": (4, 1), "upper": (5, 2),
    }  # fmt: skip


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


def test_averages_of_fewer_pixels_at_the_border_are_named(tmp_path):
    w = Writer((1, 3, 8, 8))
    x = w.conv("a", "image", 4)
    odd = [
        w.node("AveragePool", "fewer", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4),
        w.node("AveragePool", "cut", [x], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
        w.node("ReduceMean", "rows", [x], axes=[2]),
    ]
    x = w.node("Concat", "both", odd, 12, axis=1)
    x = w.node("Flatten", "", [w.node("GlobalAveragePool", "mean", [x])])
    with pytest.raises(UserError, match="3 things in this network") as refused:
        read_model(w.save(tmp_path / "odd.onnx", w.linear("fc", x, 12, 5)))
    for told in (
        "fewer: its windows at the border",
        "cut: the border cuts windows",
        "rows: it averages over other",
    ):
        assert f"\n  {told}" in str(refused.value)


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


@pytest.mark.parametrize("pads", [[2, 1, 2, 1], [2, 0, 1, 1]])
def test_dilated_convolutions(pads, tmp_path):
    w = Writer((1, 3, 9, 8))
    x = w.node("Relu", "", [w.conv("far", "image", 4, dilations=[2, 1], pads=pads)])
    x = w.node("Relu", "", [w.conv("across", x, 4, groups=4, dilations=[1, 3], pads=[1, 3, 1, 3], strides=[2, 1])])
    x = w.node("Flatten", "", [w.node("GlobalAveragePool", "mean", [x])])
    path = w.save(tmp_path / "dilated.onnx", w.linear("fc", x, 4, 5))
    found, pixels = read_model(path), np.random.default_rng(0).random((2, 3, 9, 8))
    assert np.allclose(scores(found, pixels).numpy(), in_file(path, pixels), atol=1e-5)
    assert [conv.dilation for conv in found.network.convolutions] == [(2, 1) if pads[0] == pads[2] else 1, (1, 3), 1]


def padded(path, opset=13, value=None, pads=(0, 0, 1, 1, 0, 0, 1, 1)):
    w = Writer((1, 3, 8, 8))
    x = w.conv("a", "image", 4)
    if opset < 11:
        x = w.node("Pad", "pad", [x], pads=list(pads), value=value)
    else:
        x = w.node("Pad", "pad", [x, w.constant("pads", np.array(pads))])
    x = w.node("GlobalAveragePool", "mean", [w.conv("b", x, 4)])
    made = w.save(path, w.linear("fc", w.node("Flatten", "", [x]), 4, 5))
    model = onnx.load(made)
    model.opset_import[0].version = opset
    onnx.save(model, made)
    return made


def test_padding_that_a_convolution_cannot_take_is_told(tmp_path):
    path = padded(tmp_path / "pad.onnx")
    found, pixels = read_model(path), np.random.default_rng(0).random((2, 3, 8, 8))
    assert np.allclose(scores(found, pixels).numpy(), in_file(path, pixels), atol=1e-5)
    for fault in ({"pads": (0, 0, -1, -1, 0, 0, -1, -1)}, {"opset": 10, "value": 1.0}):
        with pytest.raises(UserError, match="pads otherwise than with zeros"):
            read_model(padded(tmp_path / "odd.onnx", **fault))


def test_max_pools_that_pad_or_round_up(tmp_path):
    w = Writer((1, 3, 15, 16))
    x = w.node("Relu", "relu", [w.conv("a", "image", 4)])
    x = w.node("MaxPool", "padded", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    x = w.node("MaxPool", "cut", [x], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    x = w.node("GlobalAveragePool", "mean", [w.conv("b", x, 4)])
    path = w.save(tmp_path / "pools.onnx", w.linear("fc", w.node("Flatten", "", [x]), 4, 5))
    found, pixels = read_model(path), np.random.default_rng(0).random((2, 3, 15, 16))
    assert found.network.shapes["cut"][:2] == (4, 4)
    assert np.allclose(scores(found, pixels).numpy(), in_file(path, pixels), atol=1e-5)
    require_hardware(found.network)
