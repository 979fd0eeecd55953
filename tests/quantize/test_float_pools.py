"""Pools of float ONNX files: the same function, or told what they cannot be."""

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.nets.network import require_hardware
from hwcodesign.quantize.float_file import read_model
from tests.quantize.float_onnx import Writer, in_file, scores


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
