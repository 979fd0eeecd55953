"""What cannot become hardware: each cause is named with its layer and its fix, and all of them at once."""

from collections.abc import Callable
from pathlib import Path

import brevitas.nn as qnn
import numpy as np
import onnx
import pytest
import torch
from brevitas.quant import (
    Int8BiasPerTensorFloatInternalScaling,
    Int8WeightPerChannelFloat,
    ShiftedUint8ActPerTensorFloat,
    ShiftedUint8WeightPerTensorFloat,
    SignedBinaryActPerTensorConst,
)
from onnx import helper
from torch import Tensor, nn

from hwcodesign.core.errors import UserError
from hwcodesign.lower import lower
from tests.lower.small import Does, conv, export, relu

PER_CHANNEL = {
    "scaling_per_output_channel": True,
    "per_channel_broadcastable_shape": (1, 4, 1, 1),
    "scaling_stats_permute_dims": (1, 0, 2, 3),
}


class Joined(nn.Module):
    """Two branches into one join."""

    def __init__(self, join: str, shared: bool) -> None:
        super().__init__()
        self.join, self.stem, self.start = join, conv(2), relu()
        self.left, self.right, self.first = conv(kernel=1), conv(kernel=1), relu()
        self.second = self.first if shared else relu(max_val=3.0)
        self.head = nn.Sequential(relu(), nn.AdaptiveAvgPool2d(1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.start(self.stem(x))
        left, right = self.first(self.left(x)), self.second(self.right(x))
        return self.head(torch.cat([left, right], dim=1) if self.join == "cat" else left + right)


class TwoReaders(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.first, self.second = conv(2), relu(), relu()

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        return (self.first(x) + self.second(x)).mean((2, 3))


def ends_in(*layers: nn.Module, pool: bool = True) -> nn.Module:
    return nn.Sequential(*layers, *([relu(), nn.AdaptiveAvgPool2d(1), nn.Flatten()] if pool else []))


def start() -> tuple[nn.Module, nn.Module]:
    return conv(2), relu()


PROBLEMS: dict[str, tuple[Callable[[], nn.Module], str, str, str]] = {
    "separate quantizers into concat": (
        lambda: Joined("cat", shared=False),
        "  concat:",
        "separate quantizers",
        "one shared QuantReLU",
    ),
    "separate quantizers into add": (
        lambda: Joined("add", shared=False),
        "  add:",
        "separate quantizers",
        "one shared",
    ),
    "quantized bias": (
        lambda: ends_in(conv(2, bias=True, bias_quant=Int8BiasPerTensorFloatInternalScaling)),
        "  0:",
        "bias is quantized",
        "no bias_quant",
    ),
    "asymmetric activation": (
        lambda: ends_in(conv(2), qnn.QuantIdentity(act_quant=ShiftedUint8ActPerTensorFloat), conv(4)),
        "  1:",
        "zero point",
        "symmetric",
    ),
    "asymmetric weights": (
        lambda: ends_in(conv(2, weight_quant=ShiftedUint8WeightPerTensorFloat)),
        "  0:",
        "zero point",
        "symmetric",
    ),
    "scale per channel": (
        lambda: ends_in(conv(2), relu(**PER_CHANNEL), conv()),
        "  1:",
        "a scale per channel",
        "one scale per tensor",
    ),
    "activations over 8 bits": (lambda: ends_in(conv(2), relu(bit_width=10), conv()), "  1:", "10 bits", "at most 8"),
    "groups": (lambda: ends_in(*start(), conv(groups=2)), "  2:", "2 groups", "groups=1"),
    "depthwise": (lambda: ends_in(*start(), conv(groups=4)), "  2:", "depthwise", "no hardware kind"),
    "ceil mode": (
        lambda: ends_in(*start(), nn.MaxPool2d(4, ceil_mode=True), conv(kernel=1)),
        "  2:",
        "ceil_mode",
        "False",
    ),
    "padded max pool": (
        lambda: ends_in(*start(), nn.MaxPool2d(2, padding=1), conv(kernel=1)),
        "  2:",
        "pads",
        "padding=0",
    ),
    "dilation": (lambda: ends_in(*start(), conv(dilation=2)), "  2:", "dilation is [2, 2]", "dilation=1"),
    "dilated max pool": (
        lambda: ends_in(*start(), nn.MaxPool2d(2, dilation=2), conv(kernel=1)),
        "  2:",
        "dilation",
        "=1",
    ),
    "average pool": (
        lambda: ends_in(*start(), nn.AvgPool2d(2), conv(kernel=1)),
        "  2:",
        "AveragePool",
        "AdaptiveAvgPool2d(1)",
    ),
    "unknown operator": (lambda: ends_in(conv(2), nn.Sigmoid()), "  1:", "operator Sigmoid", "ReLU"),
    "softmax": (lambda: nn.Sequential(ends_in(*start()), nn.Softmax(1)), "  1:", "Softmax", "leave it out"),
    "padded bipolar map": (
        lambda: ends_in(conv(2), qnn.QuantIdentity(act_quant=SignedBinaryActPerTensorConst), conv(padding=1)),
        "  2:",
        "{-1, +1}",
        "padding=0",
    ),
    "float weights": (
        lambda: ends_in(conv(2), relu(), nn.Conv2d(4, 4, 3)),
        "  2:",
        "weights are not quantized",
        "QuantConv2d",
    ),
    "no quantizer between": (lambda: ends_in(conv(2), conv()), "  1:", "from 0, is not quantized", "QuantReLU"),
    "pool before quantizer": (
        lambda: ends_in(conv(2), nn.MaxPool2d(2)),
        "  1:",
        "from 0, is not quantized",
        "QuantReLU",
    ),
    "bias at the end": (lambda: ends_in(*start(), conv(kernel=6, bias=True), pool=False), "  2:", "bias", "bias=False"),
    "scales at the end": (
        lambda: ends_in(*start(), conv(kernel=6, weight_quant=Int8WeightPerChannelFloat), pool=False),
        "  2:",
        "from class to class",
        "one weight scale per tensor",
    ),
    "relu at the end": (lambda: ends_in(*start(), conv(kernel=6), nn.ReLU(), pool=False), "  2:", "ReLU", "QuantReLU"),
    "a map at the end": (
        lambda: ends_in(*start(), conv(), relu(), pool=False),
        "  2:",
        "4 x 4 pixels",
        "global average",
    ),
    "mean before padding": (
        lambda: ends_in(Does(lambda x: (x - 100.0) / 255.0), conv(2, padding=1)),
        "  1:",
        "mean",
        "padding=0",
    ),
    "the same map twice": (
        lambda: ends_in(*start(), Does(lambda x: x + x)),
        "  2.add:",
        "same map twice",
        "multiply by 2",
    ),
    "a constant minus the map": (
        lambda: ends_in(Does(lambda x: 255 - x), conv(2)),
        "  0:",
        "on the right of Sub",
        "on the left",
    ),
    "two readers": (TwoReaders, "  stem:", "several layers read", "one shared"),
}


def _message(path: Path, folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        lower(path, folder)
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize("name", PROBLEMS)
def test_problem(name: str, tmp_path: Path) -> None:
    make, layer, cause, fix = PROBLEMS[name]
    export(make, tmp_path / "model.onnx")
    message = _message(tmp_path / "model.onnx", tmp_path)
    assert message.startswith(f"{tmp_path / 'model.onnx'}: 1 thing in this network cannot become hardware:")
    assert layer in message
    assert cause in message
    assert fix in message


def test_all_problems_are_told_at_once_also_behind_others(tmp_path: Path) -> None:
    module = nn.Sequential(
        *(conv(2, groups=2), relu(bit_width=9), conv(dilation=2), relu(), nn.Sigmoid()),
        *(nn.Conv2d(4, 4, 1), relu(), conv(kernel=2, bias=True)),
    )
    export(lambda: module, tmp_path / "model.onnx")
    message = _message(tmp_path / "model.onnx", tmp_path)
    assert "6 things" in message
    assert [line.split(":")[0].strip() for line in message.splitlines()[1::2]] == ["0", "1", "2", "4", "5", "7"]


def test_padding_left_to_the_runtime(tmp_path: Path) -> None:
    export(lambda: ends_in(conv(2)), tmp_path / "model.onnx")
    model = onnx.load(str(tmp_path / "model.onnx"))
    node = next(node for node in model.graph.node if node.op_type == "Conv")
    pads = next(attribute for attribute in node.attribute if attribute.name == "pads")
    node.attribute.remove(pads)
    node.attribute.append(helper.make_attribute("auto_pad", "SAME_UPPER"))
    onnx.save(model, str(tmp_path / "model.onnx"))
    assert "auto_pad" in _message(tmp_path / "model.onnx", tmp_path)


def test_one_shared_quantizer_is_what_the_message_asks_for(tmp_path: Path) -> None:
    for join in ("cat", "add"):
        export(lambda join=join: Joined(join, shared=True), tmp_path / "model.onnx")
        graph = lower(tmp_path / "model.onnx", tmp_path).dataflow
        assert np.array_equal(graph.output.shape, (1, 1, 9 if join == "cat" else 5))
