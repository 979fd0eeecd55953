"""Depthwise and grouped convolutions equal their file in float64; FINN's layers are ours where FINN has one."""

from collections.abc import Callable
from pathlib import Path

import brevitas.nn as qnn
import onnx
import pytest
from brevitas.quant import Int8WeightPerChannelFloat, SignedBinaryActPerTensorConst, SignedBinaryWeightPerTensorConst
from torch import nn

from hwcodesign.core.errors import UserError
from hwcodesign.lower import lower, understand
from tests.lower.equality import require_equal
from tests.lower.small import average, conv, export, linear, norm, relu

Chain = nn.Sequential


def sign() -> nn.Module:
    return qnn.QuantIdentity(act_quant=SignedBinaryActPerTensorConst)


# What makes it, and whether FINN has a layer for all of it.
DEPTHWISE: dict[str, tuple[Callable[[], nn.Module], bool]] = {
    "padded, turned, scales per filter, then pointwise": (
        lambda: Chain(
            conv(2), relu(), conv(groups=4, padding=1, weight_quant=Int8WeightPerChannelFloat), norm(4, falling=True),
            relu(), conv(4, 6, 1), relu(), *average(),
        ),
        True,
    ),
    "of pixels, strided, two outputs a channel, not square": (
        lambda: Chain(conv(2, 4, (3, 2), groups=2, stride=(2, 1), bias=True), relu(), conv(4, 6, 1), *average()),
        False,
    ),
    "bipolar throughout": (
        lambda: Chain(
            conv(2), norm(4), sign(), conv(groups=4, weight_quant=SignedBinaryWeightPerTensorConst), norm(4), sign(),
            nn.Flatten(), linear(4 * 16, 5),
        ),
        False,
    ),
    "a constant for each channel, then raw sums": (
        lambda: Chain(conv(2), relu(), conv(kernel=1, groups=4), relu(), conv(groups=4), *average()),
        True,
    ),
}  # fmt: skip


GROUPED: dict[str, Callable[[], nn.Module]] = {
    "two groups, scales per filter": lambda: Chain(
        conv(2), relu(), conv(4, 6, groups=2, stride=2, weight_quant=Int8WeightPerChannelFloat), norm(6), relu(),
        *average(),
    ),
    "bipolar weights": lambda: Chain(
        conv(2), relu(), conv(4, 4, groups=2, padding=1, weight_quant=SignedBinaryWeightPerTensorConst), *average()
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GROUPED)
def test_grouped(name: str, tmp_path: Path) -> None:
    """A matrix with zeros where a filter does not see a channel."""
    path = tmp_path / "model.onnx"
    export(GROUPED[name], path)
    _, graph = understand(path, input_scale=1.0)
    require_equal(path, graph, (2, 8, 8))


def test_groups_that_do_not_divide_the_filters_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    export(GROUPED["bipolar weights"], path)
    model = onnx.load(str(path))
    (group,) = [a for node in model.graph.node for a in node.attribute if a.name == "group" and a.i == 2]
    group.i = 3
    onnx.save(model, str(path))
    with pytest.raises(UserError, match=r"2: its 4 filters are no whole number in each of 3 groups\s+-> use groups=2"):
        understand(path)


@pytest.mark.parametrize("name", DEPTHWISE)
def test_depthwise(name: str, tmp_path: Path) -> None:
    make, in_finn = DEPTHWISE[name]
    path = tmp_path / "model.onnx"
    export(make, path)
    found = lower(path, tmp_path, input_scale=1.0)
    assert "vvau" in {layer.kind for layer in found.dataflow.layers}
    require_equal(path, found.dataflow, (2, 8, 8))
    assert (found.report["not_in_finn"] == 0) == in_finn
