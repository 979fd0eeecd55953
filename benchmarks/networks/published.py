"""Published quantized networks as their own definitions have them, written with the tools that their users use.

Brevitas' TFC, SFC, LFC and CNV; LeNet-5; ResNet-8; RadioML's VGG10; a jet tagger as QKeras exports it; a network from
onnxruntime's static quantization and one from `brevitas.graph.quantize`; classifiers that end in an average or in one
score; a DenseNet block. Weights are random, activation scales and batch norms settled on random inputs.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import numpy as np
import onnx
import torch
from brevitas.core.zero_point import ZeroZeroPoint
from brevitas.export import export_qonnx
from brevitas.inject import ExtendedInjector
from brevitas.inject.enum import BitWidthImplType, FloatToIntImplType, QuantType, RestrictValueType, ScalingImplType
from brevitas.quant.solver import ActQuantSolver, WeightQuantSolver
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from hwcodesign.dataflow import IntType

UINT8, INT8 = IntType(8, signed=False), IntType(8, signed=True)


@dataclass(frozen=True)
class Model:
    """`write` makes the file; the host sends integers of `input_type` times `input_scale`; `frame_rate`: the plan's."""

    write: Callable[[Path], None]
    input_type: IntType = UINT8
    input_scale: float = 1 / 255
    frames: int = 4
    frame_rate: float | None = None


def models() -> dict[str, Model]:
    """Every model of the table by its name."""
    found: dict[str, Model] = {}
    for weight_bits, activation_bits in ((1, 1), (1, 2), (2, 2)):
        width = f"{weight_bits}W{activation_bits}A"
        for name, hidden in (("TFC", 64), ("SFC", 256), ("LFC", 1024)):
            make = _maker(_FullyConnected, hidden, weight_bits, activation_bits)
            found[f"{name}-{width}"] = Model(_export(make, (1, 28, 28)), frames=4, frame_rate=2000)
        cnv = _maker(_Cnv, weight_bits, activation_bits)
        found[f"CNV-{width}"] = Model(_export(cnv, (3, 32, 32)), frames=2, frame_rate=500)
    found["LeNet-5, w4a4"] = Model(_export(_maker(_lenet, 4), (1, 32, 32)), frame_rate=500)
    for bits in (8, 4):
        found[f"ResNet-8, w{bits}a{bits}"] = Model(
            _export(_maker(_ResNet8, bits), (3, 32, 32)), frames=2, frame_rate=100
        )
    found["RadioML VGG10, w4a4"] = Model(_export(_maker(_vgg10, 4), (2, 1024)), INT8, 1 / 64, 2, 200)
    found["jet tagger, QKeras, 6 bits"] = Model(_jet_tagger, INT8, 2.0**-4, 16)
    found["int8 QCDQ, onnxruntime"] = Model(_onnxruntime_int8, UINT8, 1 / 255)
    found["PTQ, brevitas.graph.quantize"] = Model(_post_training, UINT8, 1 / 255)
    found["average, then linear, w4a4"] = Model(_export(_maker(_average_classifier), (3, 16, 16)))
    found["DenseNet block, w4a4"] = Model(_export(_maker(_DenseBlock), (3, 12, 12)))
    found["binary classifier, w4a4"] = Model(_export(_maker(_binary_classifier), (1, 12, 12)))
    return found


def _maker(make: Callable[..., nn.Module], *arguments: Any) -> Callable[[], nn.Module]:
    return lambda: make(*arguments)


def _export(make: Callable[[], nn.Module], shape: tuple[int, ...]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        torch.manual_seed(1)
        model = _settled(make(), shape)
        export_qonnx(model, torch.zeros(1, *shape), str(path), dynamo=False, opset_version=13)

    return write


def _settled(model: nn.Module, shape: tuple[int, ...]) -> nn.Module:
    """Batch norms with factors of one and a half at most, statistics and scales of random inputs, for evaluation."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.3)
    with torch.no_grad():
        model.train()
        for _ in range(5):
            model(torch.rand(16, *shape))
    return model.eval()


# Brevitas' bnn_pynq: constant scales in -1..1, narrow integers, 1 bit bipolar.


class _Common(ExtendedInjector):
    bit_width_impl_type = BitWidthImplType.CONST
    scaling_impl_type = ScalingImplType.CONST
    restrict_scaling_type = RestrictValueType.FP
    zero_point_impl = ZeroZeroPoint
    float_to_int_impl_type = FloatToIntImplType.ROUND
    scaling_per_output_channel = False
    narrow_range = True
    signed = True


def _quant_type(bits: int) -> QuantType:
    return QuantType.BINARY if bits == 1 else QuantType.INT


def _bnn_weights(bits: int) -> type:
    class Weights(_Common, WeightQuantSolver):
        scaling_const = 1.0
        bit_width = bits
        quant_type = _quant_type(bits)

    return Weights


def _bnn_activation(bits: int) -> type:
    class Activation(_Common, ActQuantSolver):
        min_val = -1.0
        max_val = 1.0
        bit_width = bits
        quant_type = _quant_type(bits)

    return Activation


class _Pixel(_Common, ActQuantSolver):
    bit_width = 8
    min_val = -1.0
    max_val = 1.0 - 2.0**-7
    narrow_range = False
    quant_type = QuantType.INT
    restrict_scaling_type = RestrictValueType.POWER_OF_TWO


class _TensorNorm(nn.Module):
    """One batch norm for all elements, as the examples end."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.tensor(1.2)), nn.Parameter(torch.tensor(0.1))
        self.register_buffer("mean", torch.tensor(0.3))
        self.register_buffer("variance", torch.tensor(40.0))

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / torch.sqrt(self.variance + 1e-4) * self.weight + self.bias


class _FullyConnected(nn.Module):
    """TFC, SFC, LFC: three hidden layers with batch norm and dropout, and a fourth behind which is one norm for all."""

    def __init__(self, hidden: int, weight_bits: int, activation_bits: int) -> None:
        super().__init__()
        weights, activation = _bnn_weights(weight_bits), _bnn_activation(activation_bits)
        layers: list[nn.Module] = [qnn.QuantIdentity(act_quant=activation), nn.Dropout(0.2)]
        inputs = 28 * 28
        for _ in range(3):
            layers += [
                qnn.QuantLinear(inputs, hidden, bias=False, weight_quant=weights),
                nn.BatchNorm1d(hidden),
                qnn.QuantIdentity(act_quant=activation),
                nn.Dropout(0.2),
            ]
            inputs = hidden
        layers += [qnn.QuantLinear(inputs, 10, bias=False, weight_quant=weights), _TensorNorm()]
        self.features = nn.ModuleList(layers)
        for layer in self.features:
            if isinstance(layer, qnn.QuantLinear):
                nn.init.uniform_(layer.weight, -1, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = 2.0 * x.view(x.shape[0], -1) - 1.0
        for layer in self.features:
            x = layer(x)
        return x


class _Cnv(nn.Module):
    """CNV: six 3x3 convolutions without padding, two pools, three fully connected layers; 8-bit pixels of -1 to 1."""

    def __init__(self, weight_bits: int, activation_bits: int) -> None:
        super().__init__()
        weights, activation = _bnn_weights(weight_bits), _bnn_activation(activation_bits)
        layers: list[nn.Module] = [qnn.QuantIdentity(act_quant=_Pixel)]
        inputs = 3
        for channels, pooled in ((64, False), (64, True), (128, False), (128, True), (256, False), (256, False)):
            layers += [
                qnn.QuantConv2d(inputs, channels, 3, bias=False, weight_quant=weights),
                nn.BatchNorm2d(channels, eps=1e-4),
                qnn.QuantIdentity(act_quant=activation),
            ]
            layers += [nn.MaxPool2d(2)] if pooled else []
            inputs = channels
        self.conv_features = nn.ModuleList(layers)
        last: list[nn.Module] = []
        for outputs in (512, 512):
            last += [
                qnn.QuantLinear(inputs, outputs, bias=False, weight_quant=weights),
                nn.BatchNorm1d(outputs, eps=1e-4),
                qnn.QuantIdentity(act_quant=activation),
            ]
            inputs = outputs
        last += [qnn.QuantLinear(inputs, 10, bias=False, weight_quant=weights), _TensorNorm()]
        self.linear_features = nn.ModuleList(last)
        for layer in self.modules():
            if isinstance(layer, qnn.QuantLinear | qnn.QuantConv2d):
                nn.init.uniform_(layer.weight, -1, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = 2.0 * x - 1.0
        for layer in self.conv_features:
            x = layer(x)
        x = x.view(x.shape[0], -1)
        for layer in self.linear_features:
            x = layer(x)
        return x


def _lenet(bits: int) -> nn.Module:
    """LeNet-5 with ReLU and max pools, every layer with its default bias."""
    options = {"weight_bit_width": bits}
    return nn.Sequential(
        qnn.QuantIdentity(bit_width=8, signed=False),
        qnn.QuantConv2d(1, 6, 5, **options), qnn.QuantReLU(bit_width=bits), nn.MaxPool2d(2),
        qnn.QuantConv2d(6, 16, 5, **options), qnn.QuantReLU(bit_width=bits), nn.MaxPool2d(2),
        nn.Flatten(),
        qnn.QuantLinear(400, 120, bias=True, **options), qnn.QuantReLU(bit_width=bits),
        qnn.QuantLinear(120, 84, bias=True, **options), qnn.QuantReLU(bit_width=bits),
        qnn.QuantLinear(84, 10, bias=True, **options),
    )  # fmt: skip


class _Basic(nn.Module):
    """ResNet's basic block: the sum of two convolutions and the input, or a 1x1 convolution of it, and then a ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int, bits: int) -> None:
        super().__init__()
        options: dict[str, Any] = {"weight_bit_width": bits, "bias": False}
        self.conv1 = qnn.QuantConv2d(inputs, outputs, 3, stride=stride, padding=1, **options)
        self.bn1, self.relu1 = nn.BatchNorm2d(outputs), qnn.QuantReLU(bit_width=bits)
        self.conv2 = qnn.QuantConv2d(outputs, outputs, 3, padding=1, **options)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.sum_quant = qnn.QuantIdentity(bit_width=bits)  # both sides of the sum share it
        self.shortcut = qnn.QuantConv2d(inputs, outputs, 1, stride=stride, **options) if stride > 1 else None
        self.relu2 = qnn.QuantReLU(bit_width=bits)

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        side = x if self.shortcut is None else self.shortcut(x)
        return self.relu2(self.sum_quant(out) + self.sum_quant(side))


class _ResNet8(nn.Module):
    """ResNet-8 for CIFAR-10: a convolution, three basic blocks of 16, 32 and 64 filters, an average, a classifier."""

    def __init__(self, bits: int) -> None:
        super().__init__()
        self.quant_in = qnn.QuantIdentity(bit_width=8, signed=False)
        self.conv1 = qnn.QuantConv2d(3, 16, 3, padding=1, bias=False, weight_bit_width=8)
        self.bn1, self.relu1 = nn.BatchNorm2d(16), qnn.QuantReLU(bit_width=bits)
        self.layer1, self.layer2, self.layer3 = (
            _Basic(16, 16, 1, bits), _Basic(16, 32, 2, bits), _Basic(32, 64, 2, bits),
        )  # fmt: skip
        self.pool, self.fc = nn.AdaptiveAvgPool2d(1), qnn.QuantLinear(64, 10, bias=True, weight_bit_width=8)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu1(self.bn1(self.conv1(self.quant_in(x))))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(self.pool(x).flatten(1))


def _vgg10(bits: int) -> nn.Module:
    """RadioML's VGG10: seven Conv1d with batch norm, ReLU and max pool; three fully connected layers, 24 classes."""
    options: dict[str, Any] = {"weight_bit_width": bits, "bias": False}
    layers: list[nn.Module] = [qnn.QuantIdentity(bit_width=8)]
    inputs, length = 2, 1024
    for _ in range(7):
        layers += [
            qnn.QuantConv1d(inputs, 64, 3, padding=1, **options), nn.BatchNorm1d(64),
            qnn.QuantReLU(bit_width=bits), nn.MaxPool1d(2),
        ]  # fmt: skip
        inputs, length = 64, length // 2
    layers.append(nn.Flatten())
    elements = 64 * length
    for _ in range(2):
        layers += [qnn.QuantLinear(elements, 128, **options), nn.BatchNorm1d(128), qnn.QuantReLU(bit_width=bits)]
        elements = 128
    return nn.Sequential(*layers, qnn.QuantLinear(128, 24, bias=True, weight_bit_width=bits))


def _average_classifier() -> nn.Module:
    return nn.Sequential(
        qnn.QuantIdentity(bit_width=8, signed=False),
        qnn.QuantConv2d(3, 8, 3, padding=1, weight_bit_width=4), nn.BatchNorm2d(8), qnn.QuantReLU(bit_width=4),
        nn.MaxPool2d(2),
        qnn.QuantConv2d(8, 12, 3, weight_bit_width=4), nn.BatchNorm2d(12), qnn.QuantReLU(bit_width=4),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), qnn.QuantLinear(12, 10, bias=True, weight_bit_width=4),
    )  # fmt: skip


class _DenseBlock(nn.Module):
    """DenseNet: each of three convolutions reads all feature maps before it; then a transition and a classifier."""

    def __init__(self) -> None:
        super().__init__()
        options: dict[str, Any] = {"weight_bit_width": 4, "bias": False}
        self.quant_in = qnn.QuantIdentity(bit_width=8, signed=False)
        self.stem = qnn.QuantConv2d(3, 8, 3, padding=1, **options)
        self.shared = qnn.QuantReLU(bit_width=4)
        self.convs = nn.ModuleList(qnn.QuantConv2d(8 + 4 * n, 4, 3, padding=1, **options) for n in range(3))
        self.norms = nn.ModuleList(nn.BatchNorm2d(4) for _ in range(3))
        self.transition, self.act = qnn.QuantConv2d(20, 10, 1, **options), qnn.QuantReLU(bit_width=4)
        self.pool = nn.AvgPool2d(2)
        self.quant_pool = qnn.QuantIdentity(bit_width=4)
        self.fc = qnn.QuantLinear(360, 10, bias=True, weight_bit_width=4)

    def forward(self, x: Tensor) -> Tensor:
        maps = [self.shared(self.stem(self.quant_in(x)))]
        for conv, norm in zip(self.convs, self.norms, strict=True):
            maps.append(self.shared(norm(conv(torch.cat(maps, dim=1)))))
        x = self.quant_pool(self.pool(self.act(self.transition(torch.cat(maps, dim=1)))))
        return self.fc(x.flatten(1))


def _binary_classifier() -> nn.Module:
    return nn.Sequential(
        qnn.QuantIdentity(bit_width=8, signed=False),
        qnn.QuantConv2d(1, 6, 3, weight_bit_width=4), nn.BatchNorm2d(6), qnn.QuantReLU(bit_width=4), nn.MaxPool2d(2),
        nn.Flatten(), qnn.QuantLinear(150, 1, bias=True, weight_bit_width=4), nn.Sigmoid(),
    )  # fmt: skip


def _jet_tagger(path: Path) -> None:
    """The jet tagger of hls4ml's papers as qonnx converts it from QKeras: quantized_bits(6, 0) weights and biases.

    16 features, dense layers of 64, 32, 32 and 5, quantized_relu(6), and a softmax. A step of weights is 2**-5.
    """
    rng, nodes, constants = np.random.default_rng(1), [], {}

    def constant(name: str, value: Any) -> str:
        constants[name] = numpy_helper.from_array(np.asarray(value, dtype=np.float32), name)
        return name

    def quant(source: str, name: str, step: float, bits: int, signed: int) -> str:
        inputs = [source, constant(f"{name}.scale", step), constant(f"{name}.zero", 0), constant(f"{name}.bits", bits)]
        nodes.append(
            helper.make_node(
                "Quant",
                inputs,
                [name],
                name,
                domain="qonnx.custom_op.general",
                signed=signed,
                narrow=0,
                rounding_mode="ROUND",
            )
        )
        return name

    tensor = quant("features", "input_quantizer", 2.0**-4, 8, 1)
    sizes = (16, 64, 32, 32, 5)
    for number, (inputs, outputs) in enumerate(pairwise(sizes), 1):
        layer = "output" if number == 4 else f"fc{number}"
        weights = constant(f"{layer}.kernel", rng.normal(0, 1 / math.sqrt(inputs), (inputs, outputs)))
        bias = constant(f"{layer}.bias", rng.normal(0, 0.1, outputs))
        product = [tensor, quant(weights, f"{layer}/kernel", 2.0**-5, 6, 1)]
        nodes.append(helper.make_node("MatMul", product, [f"{layer}/MatMul"], f"{layer}/MatMul"))
        shifted = [f"{layer}/MatMul", quant(bias, f"{layer}/bias", 2.0**-5, 6, 1)]
        nodes.append(helper.make_node("Add", shifted, [f"{layer}/Add"], f"{layer}/Add"))
        if number < 4:
            nodes.append(helper.make_node("Relu", [f"{layer}/Add"], [f"{layer}/relu"], f"relu{number}/Relu"))
            tensor = quant(f"{layer}/relu", f"relu{number}", 2.0**-4, 6, 0)
    nodes.append(helper.make_node("Softmax", ["output/Add"], ["probabilities"], "softmax", axis=-1))
    graph = helper.make_graph(
        nodes, "jets", [helper.make_tensor_value_info("features", TensorProto.FLOAT, [1, 16])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [1, 5])], list(constants.values()),
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("qonnx.custom_op.general", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), str(path))


def _float_network() -> nn.Module:
    """An ordinary float network, as training leaves it: convolutions with batch norm and ReLU, a classifier."""
    torch.manual_seed(2)
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 12, 3), nn.BatchNorm2d(12), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(108, 16), nn.ReLU(), nn.Linear(16, 10),
    )  # fmt: skip
    return _settled(model, (3, 16, 16))


def _onnxruntime_int8(path: Path) -> None:
    """Static quantization to int8 as QuantizeLinear and DequantizeLinear, with onnxruntime's own calibration."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class _Images(CalibrationDataReader):
        def __init__(self) -> None:
            rng = np.random.default_rng(1)
            self.images = iter([{"image": rng.random((1, 3, 16, 16), dtype=np.float32)} for _ in range(16)])

        def get_next(self) -> Any:
            return next(self.images, None)

    plain = path.with_suffix(".float.onnx")
    torch.onnx.export(_float_network(), torch.zeros(1, 3, 16, 16), str(plain), dynamo=False, opset_version=13,
                      input_names=["image"])  # fmt: skip
    quantize_static(
        str(plain), str(path), _Images(), quant_format=QuantFormat.QDQ, activation_type=QuantType.QInt8,
        weight_type=QuantType.QInt8, extra_options={"ActivationSymmetric": True, "WeightSymmetric": True},
    )  # fmt: skip


def _post_training(path: Path) -> None:
    """brevitas.graph.quantize with its default layers, calibrated on random images."""
    from brevitas.graph.calibrate import calibration_mode
    from brevitas.graph.quantize import preprocess_for_quantize, quantize

    images = torch.rand(32, 3, 16, 16)
    model = preprocess_for_quantize(_float_network(), equalize_iters=0)
    quantized = quantize(model)
    with torch.no_grad(), calibration_mode(quantized):
        quantized(images)
    export_qonnx(quantized.eval(), images[:1], str(path), dynamo=False, opset_version=13)
