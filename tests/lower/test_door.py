"""What users write besides: every network goes in as it is, and equals its file in float64."""

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
    Int8WeightPerTensorFixedPoint,
    Int32Bias,
    ShiftedUint8ActPerTensorFloat,
    ShiftedUint8WeightPerTensorFloat,
    SignedBinaryActPerTensorConst,
    SignedBinaryWeightPerTensorConst,
    TruncTo8bit,
)
from onnx import helper, numpy_helper
from torch import Tensor, nn

from hwcodesign.graph import interpreter
from hwcodesign.lower import lower, understand
from tests.lower.equality import require_as_verified, require_equal
from tests.lower.small import Does, average, conv, export, linear, norm, relu

Chain = nn.Sequential
PER_CHANNEL = {
    "scaling_per_output_channel": True,
    "per_channel_broadcastable_shape": (1, 4, 1, 1),
    "scaling_stats_permute_dims": (1, 0, 2, 3),
}


def signed(**options: object) -> nn.Module:
    return qnn.QuantIdentity(**{"bit_width": 4, **options})


def before(function: nn.Module) -> nn.Module:
    """A function between a batch norm and a quantizer."""
    return Chain(conv(2), norm(4), function, signed(), conv(), relu(), *average())


def bipolar() -> nn.Module:
    return qnn.QuantIdentity(act_quant=SignedBinaryActPerTensorConst)


def end(*layers: nn.Module) -> nn.Module:
    return Chain(conv(2, kernel=5), relu(), nn.Flatten(), *layers)


def joined(join: Callable[..., Tensor], count: int = 2, shared: bool = False) -> nn.Module:
    quantizers = (
        [relu()] * count if shared else [relu(max_val=1.0 + i, scaling_impl_type="const") for i in range(count)]
    )

    class Join(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.start, self.first = conv(2), relu()
            self.branches = nn.ModuleList(conv(kernel=1) for _ in range(count))
            self.quantizers, self.last = nn.ModuleList(quantizers), relu()

        def forward(self, x: Tensor) -> Tensor:
            x = self.first(self.start(x))
            return self.last(join(*(q(b(x)) for q, b in zip(self.quantizers, self.branches, strict=True))))

    return Chain(Join(), *average())


class TwoReaders(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.first, self.second, self.last = conv(2), relu(max_val=2.0), relu(max_val=3.0), relu()

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        return self.last(torch.cat([self.first(x), self.second(nn.functional.max_pool2d(x, 3, 1, 1))], 1)).mean((2, 3))


MEAN, DEVIATION = (torch.tensor([a, b]).reshape(1, 2, 1, 1) for a, b in ((0.485, 0.456), (0.229, 0.224)))

NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "quantized bias": lambda: Chain(
        conv(2, bias=True, bias_quant=Int8BiasPerTensorFloatInternalScaling), relu(), *average()
    ),
    "bias quantized by the accumulator's scale": lambda: Chain(
        qnn.QuantIdentity(bit_width=8, return_quant_tensor=True),
        conv(2, bias=True, bias_quant=Int32Bias),
        relu(return_quant_tensor=True),
        nn.Flatten(),
        linear(144, 5, bias=True, bias_quant=Int32Bias),
    ),
    "last layer with bias": lambda: end(linear(64, 5, bias=True)),
    "last layer with a scale for each class": lambda: end(linear(64, 5, weight_quant=Int8WeightPerChannelFloat)),
    "last layer with batch norm": lambda: end(linear(64, 5), nn.BatchNorm1d(5)),
    "average, then a quantizer": lambda: Chain(
        conv(2), relu(), nn.AdaptiveAvgPool2d(1), signed(bit_width=6), nn.Flatten(), linear(4, 3)
    ),
    "ReLU before a signed quantizer": lambda: before(nn.ReLU()),
    "ReLU6": lambda: before(nn.ReLU6()),
    "LeakyReLU": lambda: before(nn.LeakyReLU(0.2)),
    "Hardtanh": lambda: before(nn.Hardtanh()),
    "Sigmoid": lambda: before(nn.Sigmoid()),
    "Tanh": lambda: before(nn.Tanh()),
    "ELU": lambda: before(nn.ELU()),
    "ReLU after a signed quantizer": lambda: Chain(conv(2), signed(), nn.ReLU(), conv(), relu(), *average()),
    # Exporters write QuantReLU(bit_width=1) as a ReLU and a bipolar quantizer: whatever comes in, it gives +1.
    "one bit": lambda: Chain(conv(2), norm(4), relu(bit_width=1), nn.Flatten(), linear(144, 5)),
    "padded max pool before a signed quantizer": lambda: Chain(
        conv(2), norm(4), nn.MaxPool2d(3, 2, 1), signed(), conv(kernel=1), relu(), *average()
    ),
    "max pool before ReLU": lambda: Chain(conv(2), norm(4), nn.MaxPool2d(2), relu(), *average()),
    "padded max pool": lambda: Chain(
        conv(2), norm(4), signed(), nn.MaxPool2d(3, 2, 1), conv(kernel=1), relu(), *average()
    ),
    "padded max pool before the quantizer": lambda: Chain(
        conv(2), norm(4), nn.MaxPool2d(3, 2, 1), signed(), conv(kernel=1), relu(), *average()
    ),
    "max pool that leaves pixels out": lambda: Chain(
        conv(2), relu(), nn.MaxPool2d(2, 3), conv(kernel=1), relu(), *average()
    ),
    "whole windows with ceil_mode": lambda: Chain(
        conv(2), relu(), nn.MaxPool2d(2, ceil_mode=True), conv(), relu(), *average()
    ),
    "average pool": lambda: Chain(conv(2), relu(), nn.AvgPool2d(3), conv(kernel=1), relu(), *average()),
    "average pool, then windows": lambda: Chain(conv(2), relu(), nn.AvgPool2d(2), conv(), relu(), *average()),
    "average pool, then a quantizer": lambda: Chain(
        conv(2), nn.AvgPool2d(2, 1), relu(), conv(kernel=1), relu(), *average()
    ),
    "truncated average": lambda: Chain(
        conv(2),
        relu(return_quant_tensor=True),
        qnn.TruncAvgPool2d(2, 2, trunc_quant=TruncTo8bit, bit_width=4, rounding_impl_type="floor"),
        conv(kernel=1),
        relu(),
        *average(),
    ),
    "zero gammas, weights of one bit": lambda: Chain(
        conv(2, weight_quant=SignedBinaryWeightPerTensorConst), norm(4, dead=True), relu(), *average()
    ),
    "1 to 1": lambda: Chain(conv(2, 1), relu(), conv(1, 1), norm(1), relu(), nn.Flatten(), linear(16, 4)),
    "zero padding of its own": lambda: Chain(conv(2), relu(), nn.ZeroPad2d((1, 0, 2, 1)), conv(), relu(), *average()),
    "a mean before padding": lambda: Chain(Does(lambda x: (x - 100.0) / 255.0), conv(2, padding=1), relu(), *average()),
    "255 - x": lambda: Chain(Does(lambda x: 255 - x), conv(2), relu(), *average()),
    "asymmetric activations": lambda: Chain(
        conv(2), qnn.QuantIdentity(act_quant=ShiftedUint8ActPerTensorFloat), conv(padding=1), relu(), *average()
    ),
    "asymmetric weights": lambda: Chain(conv(2, weight_quant=ShiftedUint8WeightPerTensorFloat), relu(), *average()),
    "sum of separate quantizers": lambda: joined(lambda a, b: a + b),
    "sum of three": lambda: joined(lambda a, b, c: a + b + c, count=3, shared=True),
    "cat of separate quantizers": lambda: joined(lambda a, b: torch.cat([a, b], 1)),
    "cat of unlike types": lambda: Chain(
        conv(2),
        relu(),
        Does(
            lambda x, a, b, c, p, q, r: torch.cat([p(a(x)), q(b(x)), r(c(x))], 1),
            *(conv(kernel=1), conv(kernel=1), conv(kernel=1), relu(), signed(bit_width=3), bipolar()),
        ),
        relu(),
        *average(),
    ),
    "padded bipolar feature map": lambda: Chain(conv(2), norm(4), bipolar(), conv(padding=1), relu(), *average()),
    "bipolar feature map that is pooled, then padded": lambda: Chain(
        conv(2), norm(4), bipolar(), nn.MaxPool2d(2), conv(padding=1), relu(), *average()
    ),
    "bipolar feature map that is padded for one of two readers": lambda: Chain(
        conv(2),
        norm(4),
        bipolar(),
        Does(lambda x, a, b, q: q(a(x)) + q(b(x)), conv(padding=1), conv(kernel=1), relu()),
        relu(),
        *average(),
    ),
    "difference": lambda: joined(lambda a, b: a - b, shared=True),
    "difference of separate quantizers": lambda: joined(lambda a, b: a - b),
    "a feature map minus itself": lambda: Chain(
        conv(2), relu(), Does(lambda x, a, q: q(a(x)) + (x - x), conv(kernel=1), relu()), relu(), *average()
    ),
    "the same feature map twice": lambda: Chain(conv(2), relu(), Does(lambda x: x + x), conv(), relu(), *average()),
    "two readers of sums": TwoReaders,
    "a quantizer that changes nothing": lambda: Chain(
        conv(2), relu(), Does(lambda x, q: q(q(x)), signed()), conv(), relu(), *average()
    ),
    "normalization of each channel": lambda: Chain(
        Does(lambda x: (x / 255 - MEAN) / DEVIATION), qnn.QuantIdentity(bit_width=8), conv(2), relu(), *average()
    ),
    "deviations of each channel": lambda: Chain(
        Does(lambda x: x / 255 / DEVIATION), conv(2, padding=1), relu(), *average()
    ),
    "a scale of each channel": lambda: Chain(
        conv(2), relu(**PER_CHANNEL, restrict_scaling_type="power_of_two"), conv(), relu(), *average()
    ),
    "softmax": lambda: Chain(end(linear(64, 5)), nn.Softmax(1)),
    "one score": lambda: Chain(end(linear(64, 1, bias=True)), nn.Sigmoid()),
    "bipolar, read by a ReLU": lambda: Chain(
        conv(2),
        norm(4),
        bipolar(),
        nn.ReLU(),
        conv(),
        relu(),
        *average(),
    ),
    "fixed point": lambda: Chain(conv(2, weight_quant=Int8WeightPerTensorFixedPoint), relu(), *average()),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_network(name: str, tmp_path: Path) -> None:
    export(NETWORKS[name], tmp_path / "model.onnx")
    _, graph = understand(tmp_path / "model.onnx", input_scale=1.0)
    require_equal(tmp_path / "model.onnx", graph, (2, 8, 8), distinct=0 if name == "one bit" else 8)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_finn_executes_the_same(name: str, tmp_path: Path) -> None:
    from hwcodesign.lower.execute import FinnGraph

    export(NETWORKS[name], tmp_path / "model.onnx")
    graph = lower(tmp_path / "model.onnx", tmp_path, input_scale=1.0).dataflow
    frames = np.random.default_rng(1).integers(0, 256, (2, *graph.input.shape))
    found = FinnGraph(tmp_path / "lowered.onnx").scores(frames, lambda done: None)
    assert np.array_equal(found, interpreter.run(graph, frames)[:, : found.shape[1]])


def test_signals(tmp_path: Path) -> None:
    export(
        lambda: Chain(
            qnn.QuantConv1d(2, 4, 3, weight_bit_width=4, bias=False),
            relu(),
            nn.MaxPool1d(2),
            nn.Flatten(),
            linear(28, 5),
        ),
        tmp_path / "model.onnx",
        (2, 16),
    )
    _, graph = understand(tmp_path / "model.onnx", input_scale=1.0)
    assert graph.input.shape == (1, 16, 2)
    require_equal(tmp_path / "model.onnx", graph, (2, 16))


def _edited(tmp_path: Path, edit: Callable[[onnx.ModelProto], None], make: Callable[[], nn.Module]) -> Path:
    export(make, tmp_path / "model.onnx")
    model = onnx.load(str(tmp_path / "model.onnx"))
    edit(model)
    onnx.save(model, str(tmp_path / "model.onnx"))
    return tmp_path / "model.onnx"


@pytest.mark.parametrize("side", ["SAME_UPPER", "SAME_LOWER"])
def test_padding_left_to_the_runtime(side: str, tmp_path: Path) -> None:
    def edit(model: onnx.ModelProto) -> None:
        node = next(node for node in model.graph.node if node.op_type == "Conv")
        node.attribute.remove(next(attribute for attribute in node.attribute if attribute.name == "pads"))
        node.attribute.append(helper.make_attribute("auto_pad", side))

    path = _edited(tmp_path, edit, lambda: Chain(conv(2, kernel=4, stride=2), relu(), *average()))
    _, graph = understand(path, input_scale=1.0)
    require_equal(path, graph, (2, 8, 8))


@pytest.mark.parametrize(
    "rounding", ["HALF_EVEN", "FLOOR", "CEIL", "ROUND_TO_ZERO", "UP", "DOWN", "HALF_UP", "HALF_DOWN"]
)
def test_every_rounding(rounding: str, tmp_path: Path) -> None:
    def edit(model: onnx.ModelProto) -> None:
        for node in model.graph.node:
            for attribute in node.attribute:
                if attribute.name == "rounding_mode":
                    attribute.s = rounding.encode()

    path = _edited(tmp_path, edit, lambda: Chain(conv(2), norm(4), signed(), conv(), norm(4), relu(), *average()))
    _, graph = understand(path, input_scale=1.0)
    require_equal(path, graph, (2, 8, 8))


def test_the_place_of_the_best_score_is_an_end(tmp_path: Path) -> None:
    for best in (lambda x: torch.argmax(x, 1), lambda x: torch.topk(x, 1)[1], lambda x: torch.topk(x, 1)[0]):
        export(lambda best=best: Chain(end(linear(64, 5, bias=True)), Does(best)), tmp_path / "model.onnx")
        _, graph = understand(tmp_path / "model.onnx", input_scale=1.0)
        assert require_as_verified(tmp_path / "model.onnx", graph, 6).shape == (6, 5)


def test_a_filter_of_zeros_may_have_a_scale_of_0(tmp_path: Path) -> None:
    def edit(model: onnx.ModelProto) -> None:
        (weights,) = (tensor for tensor in model.graph.initializer if tensor.name == "0.weight")
        value = numpy_helper.to_array(weights).copy()
        value[1] = 0
        weights.CopyFrom(numpy_helper.from_array(value, weights.name))
        quantizer = next(node for node in model.graph.node if node.input[0] == "0.weight")
        constants = {node.output[0]: node.attribute[0].t for node in model.graph.node if node.op_type == "Constant"}
        constants |= {tensor.name: tensor for tensor in model.graph.initializer}
        scale = constants[quantizer.input[1]]
        dead = numpy_helper.to_array(scale).copy()
        assert dead.shape == (4, 1, 1, 1)
        dead[1] = 0
        scale.CopyFrom(numpy_helper.from_array(dead, scale.name))

    path = _edited(
        tmp_path, edit, lambda: Chain(conv(2, weight_quant=Int8WeightPerChannelFloat), norm(4), relu(), *average())
    )
    _, graph = understand(path, input_scale=1.0)
    require_equal(path, graph, (2, 8, 8))
    assert require_as_verified(path, graph, 4).shape == (4, 4)


def test_a_negative_scale_turns_the_levels_round(tmp_path: Path) -> None:
    """Of two activations and of weights: -8 is the highest level there."""

    def edit(model: onnx.ModelProto) -> None:
        constants = {tensor.name: tensor for tensor in model.graph.initializer}
        constants |= {node.output[0]: node.attribute[0].t for node in model.graph.node if node.op_type == "Constant"}
        turned = {node.input[1] for node in model.graph.node if node.op_type == "Quant"}
        for name in turned:
            constants[name].CopyFrom(numpy_helper.from_array(-numpy_helper.to_array(constants[name]), name))

    path = _edited(tmp_path, edit, lambda: Chain(conv(2), norm(4), signed(), conv(padding=1), signed(), *average()))
    _, graph = understand(path, input_scale=1.0)
    require_equal(path, graph, (2, 8, 8))


def test_constants_of_any_shape_and_defaults_left_out(tmp_path: Path) -> None:
    def edit(model: onnx.ModelProto) -> None:
        for tensor in model.graph.initializer:
            value = numpy_helper.to_array(tensor)
            if value.size == 1 and value.dtype == np.float32:
                tensor.CopyFrom(numpy_helper.from_array(value.reshape(1, 1, 1), tensor.name))
        for node in model.graph.node:
            kept = [
                a for a in node.attribute if a.name not in ("dilations", "group", "strides", "pads", "kernel_shape")
            ]
            if node.op_type == "Conv":
                del node.attribute[:]
                node.attribute.extend(kept)

    path = _edited(tmp_path, edit, lambda: Chain(conv(2), relu(), conv(), relu(), *average()))
    _, graph = understand(path, input_scale=1.0)
    require_equal(path, graph, (2, 8, 8))
