"""What cannot become hardware: each cause is named with its layer and its fix, and all of them at once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from hwcodesign.core.errors import UserError
from hwcodesign.lower import lower, understand
from tests.lower.equality import require_equal
from tests.lower.small import Does, conv, export, norm, relu
from tests.lower.test_door import signed

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


def _separate(x: Tensor, a: nn.Module, b: nn.Module, p: nn.Module, q: nn.Module) -> Tensor:
    return a(p(x)) + b(q(x))


def ends_in(*layers: nn.Module, pool: bool = True) -> nn.Module:
    return nn.Sequential(*layers, *([relu(), nn.AdaptiveAvgPool2d(1), nn.Flatten()] if pool else []))


def start() -> tuple[nn.Module, nn.Module]:
    return conv(2), relu()


PROBLEMS: dict[str, tuple[Callable[[], nn.Module], str, str, str]] = {
    "separate quantizers, and no quantizer behind the sum": (
        lambda: ends_in(*start(), Does(_separate, relu(), relu(), conv(), conv()), conv()),
        "  3:",
        "its input, from 2.add, is not quantized",
        "put a QuantReLU",
    ),
    "scale per channel": (
        lambda: ends_in(conv(2), relu(**PER_CHANNEL), conv()),
        "  2:",
        "the channels of its input, from 0, differ in scale",
        "one activation scale per tensor",
    ),
    "ceil mode": (
        lambda: ends_in(*start(), nn.AvgPool2d(4, ceil_mode=True), conv(kernel=1)),
        "  2:",
        "ceil_mode cuts its last window at a feature map of 6 x 6 pixels",
        "ceil_mode=False",
    ),
    "max pool of what falls": (
        lambda: ends_in(conv(2), nn.MaxPool2d(2, 1), norm(4, falling=True), nn.MaxPool2d(2), signed(), conv(kernel=1)),
        "  3:",
        "a factor below 0 (of a batch norm, say) stands between 1 and it",
        "put a quantizer before it",
    ),
    "average pool with a border": (
        lambda: ends_in(*start(), nn.AvgPool2d(2, padding=1, count_include_pad=False), conv(kernel=1)),
        "  2:",
        "average fewer pixels",
        "padding=0",
    ),
    "group norm": (lambda: ends_in(conv(2), nn.GroupNorm(2, 4)), "  1:", "statistics of each image", "BatchNorm2d"),
    "a function that falls": (lambda: ends_in(conv(2), nn.Hardswish()), "  1:", "falls somewhere", "LeakyReLU"),
    "a function of two feature maps": (
        lambda: ends_in(*start(), Does(lambda x, s: x * s(x), nn.Sigmoid()), conv()),
        "  2:",
        "a feature map times a function of itself",
        "a function that never falls",
    ),
    "softmax inside": (
        lambda: ends_in(*start(), nn.Softmax(1), conv()),
        "  2:",
        "Softmax inside",
        "leave it out",
    ),
    "activations over 8 bits": (lambda: ends_in(conv(2), relu(bit_width=10), conv()), "  1:", "10 bits", "at most 8"),
    "dilated max pool": (
        lambda: ends_in(*start(), nn.MaxPool2d(2, dilation=2), conv(kernel=1)),
        "  2:",
        "dilation",
        "=1",
    ),
    "float weights": (
        lambda: ends_in(conv(2), relu(), nn.Conv2d(4, 4, 3)),
        "  2:",
        "weights are not quantized",
        "QuantConv2d",
    ),
    "no quantizer between": (lambda: ends_in(conv(2), conv()), "  1:", "from 0, is not quantized", "QuantReLU"),
    "relu at the end": (lambda: ends_in(*start(), conv(kernel=6), nn.ReLU(), pool=False), "  2:", "ReLU", "QuantReLU"),
    "upsampling by a fraction": (
        lambda: ends_in(*start(), nn.Upsample(scale_factor=1.5), conv()),
        "  2:",
        "it upsamples by 1.5 x 1.5",
        "whole factors, such as 2 x 2",
    ),
    "bilinear upsampling": (
        lambda: ends_in(*start(), nn.Upsample(scale_factor=2, mode="bilinear"), conv()),
        "  2:",
        "it interpolates, mode linear",
        "nearest",
    ),
    "a part that is not quantized": (
        lambda: ends_in(conv(2), Does(lambda x, a: a(x[:, :2]), conv(2))),
        "  1",
        "its input, from 0, is not quantized",
        "QuantReLU",
    ),
}


# What each message advises, done.
FIXED: dict[str, Callable[[], nn.Module]] = {
    "separate quantizers, and no quantizer behind the sum": lambda: ends_in(
        *start(), Does(_separate, relu(), relu(), conv(), conv()), relu(), conv()
    ),
    "scale per channel": lambda: ends_in(conv(2), relu(), conv()),
    "ceil mode": lambda: ends_in(*start(), nn.AvgPool2d(4), conv(kernel=1)),
    "max pool of what falls": lambda: ends_in(
        conv(2), nn.MaxPool2d(2, 1), signed(), norm(4, falling=True), nn.MaxPool2d(2), signed(), conv(kernel=1)
    ),
    "average pool with a border": lambda: ends_in(*start(), nn.AvgPool2d(2), conv(kernel=1)),
    "group norm": lambda: ends_in(conv(2), nn.BatchNorm2d(4)),
    "a function that falls": lambda: ends_in(conv(2), nn.LeakyReLU()),
    "a function of two feature maps": lambda: ends_in(*start(), nn.Sigmoid(), relu(), conv()),
    "softmax inside": lambda: ends_in(*start(), conv()),
    "activations over 8 bits": lambda: ends_in(conv(2), relu(bit_width=8), conv()),
    "dilated max pool": lambda: ends_in(*start(), nn.MaxPool2d(3), conv(kernel=1)),
    "float weights": lambda: ends_in(conv(2), relu(), conv()),
    "no quantizer between": lambda: ends_in(conv(2), relu(), conv()),
    "relu at the end": lambda: ends_in(*start(), conv(kernel=6), relu(), pool=False),
    "upsampling by a fraction": lambda: ends_in(*start(), nn.Upsample(scale_factor=2), conv()),
    "bilinear upsampling": lambda: ends_in(*start(), nn.Upsample(scale_factor=2), conv()),
    "a part that is not quantized": lambda: ends_in(*start(), Does(lambda x, a: a(x[:, :2]), conv(2))),
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


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_advice_works(name: str, tmp_path: Path) -> None:
    export(FIXED[name], tmp_path / "model.onnx")
    _, graph = understand(tmp_path / "model.onnx")
    require_equal(tmp_path / "model.onnx", graph, (2, 8, 8), distinct=5)


@pytest.mark.parametrize("name", PROBLEMS)
def test_no_message_has_words_that_the_user_did_not_write(name: str, tmp_path: Path) -> None:
    export(PROBLEMS[name][0], tmp_path / "model.onnx")
    message = _message(tmp_path / "model.onnx", tmp_path).replace(str(tmp_path), "")
    tensors = {tensor for node in onnx.load(str(tmp_path / "model.onnx")).graph.node for tensor in node.output}
    assert not [word for word in ("FINN", "Error", "MultiThreshold", "Im2Col", *tensors) if word in message]


def test_all_problems_are_told_at_once_also_behind_others(tmp_path: Path) -> None:
    module = nn.Sequential(
        *(nn.Conv2d(2, 4, 3), relu(bit_width=9), nn.Conv2d(4, 4, 3), relu(), nn.GroupNorm(2, 4)),
        *(nn.Conv2d(4, 4, 1), relu(), nn.Conv2d(4, 4, 1)),
    )
    export(lambda: module, tmp_path / "model.onnx")
    message = _message(tmp_path / "model.onnx", tmp_path)
    assert "6 things" in message
    assert [line.split(":")[0].strip() for line in message.splitlines()[1::2]] == ["0", "1", "2", "4", "5", "7"]


def test_the_same_operator_twice_in_a_module_is_told_once(tmp_path: Path) -> None:
    twice = Does(lambda x, a, b: a(b(a(x))), nn.Hardswish(), conv())
    export(lambda: ends_in(conv(2), twice), tmp_path / "model.onnx")
    message = _message(tmp_path / "model.onnx", tmp_path)
    assert message.count("falls somewhere") == 1


def test_one_shared_quantizer_is_what_the_message_asks_for(tmp_path: Path) -> None:
    for join in ("cat", "add"):
        export(lambda join=join: Joined(join, shared=True), tmp_path / "model.onnx")
        graph = lower(tmp_path / "model.onnx", tmp_path).dataflow
        assert np.array_equal(graph.output.shape, (1, 1, 9 if join == "cat" else 5))
