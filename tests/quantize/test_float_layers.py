"""Layers with numbers of their own in float ONNX files: convolutions, matrices, batch norms, padding."""

import numpy as np
import onnx
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.quantize.float_file import read_model
from tests.quantize.float_onnx import Writer, in_file, scores


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
