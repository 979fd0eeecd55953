"""Random networks written as users of Brevitas write them, from a seed: plain modules, many habits, nothing of ours.

`Genes` say everything about a network, so that a refusal's fix can be applied to them: see random_networks.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import numpy as np
import torch
from brevitas.export import export_qonnx
from brevitas.quant import (
    Int8ActPerTensorFloat,
    Int8BiasPerTensorFloatInternalScaling,
    Int16Bias,
    Int32Bias,
    SignedBinaryActPerTensorConst,
    SignedBinaryWeightPerTensorConst,
)
from torch import Tensor, nn
from torch.nn import functional

Block = dict[str, Any]
CALIBRATION_STEPS, CALIBRATION_IMAGES = 4, 16
ACTIVATIONS = (
    "qrelu", "qrelu", "qrelu", "identity", "relu_signed", "relu6", "leaky", "hardtanh", "sigmoid", "tanh", "bipolar",
)  # fmt: skip
BIASES: dict[str, Any] = {
    "Int8Bias": Int8BiasPerTensorFloatInternalScaling,
    "Int16Bias": Int16Bias,
    "Int32Bias": Int32Bias,
}


@dataclass(frozen=True)
class Genes:
    """`shape` of an image (channels, height, width), or (channels, length) for Conv1d; how it is read; what follows."""

    shape: tuple[int, ...]
    entrance: Block
    blocks: tuple[Block, ...]
    head: Block
    opset: int = 13
    applied: tuple[str, ...] = field(default=())

    def changed(self, number: int, **values: Any) -> "Genes":
        """Another block `number`: -1 is the entrance, len(blocks) the head."""
        if number < 0:
            return replace(self, entrance=self.entrance | values)
        if number == len(self.blocks):
            return replace(self, head=self.head | values)
        blocks = tuple(block | values if i == number else block for i, block in enumerate(self.blocks))
        return replace(self, blocks=blocks)


def random_genes(seed: int) -> Genes:
    """Up to four blocks on a small image; every choice is drawn from `seed`."""
    rng = np.random.default_rng(seed)

    def one_of(*choices: Any) -> Any:
        return choices[int(rng.integers(len(choices)))]

    line = rng.random() < 0.1
    side = int(rng.integers(6, 11))
    shape = (one_of(1, 2, 3), 4 * side) if line else (one_of(1, 2, 3), side, side + one_of(0, 0, 1))
    entrance = {
        "how": one_of("raw", "raw", "quantized", "quantized", "normalised", "centred"),
        "bits": one_of(8, 8, 4, 2),
    }
    kinds = ("conv", "conv", "conv", "pool", "average") + (() if line else ("residual", "dense", "sum"))
    blocks = []
    for _ in range(int(rng.integers(1, 5))):
        blocks.append(
            {
                "kind": one_of(*kinds) if rng.random() > 0.03 else "depthwise",
                "channels": one_of(2, 3, 4, 6, 8),
                "kernel": one_of(1, 2, 3, 3),
                "stride": one_of(1, 1, 1, 2),
                "pad": one_of(0, 0, 1),
                "bias": one_of("no", "no", "no", "float", "float", "Int8Bias", "Int16Bias", "Int32Bias"),
                "weight_bits": one_of(1, 2, 3, 4, 4, 8),
                "per_channel": bool(rng.random() < 0.3),
                "norm": one_of("no", "plain", "signs", "zeros"),
                "activation": one_of(*ACTIVATIONS),
                "bits": one_of(1, 2, 3, 4, 4, 4, 6, 8),
                "pool": one_of("no", "no", "no", "before", "after"),
                "pool_kernel": one_of(2, 2, 3),
                "pool_stride": one_of(1, 2, 2, 3),
                "pool_pad": one_of(0, 0, 0, 1),
                "ceil": bool(rng.random() < 0.1),
                "truncate": bool(rng.random() < 0.3),
                "join": one_of("shared", "shared", "separate"),
                "terms": one_of(2, 2, 3),
            }
        )
    head = {
        "how": one_of("flatten", "flatten", "average", "average", "convolution", "two"),
        "classes": one_of(1, 2, 4, 5, 10),
        "bias": one_of("no", "float", "float", "Int8Bias", "Int32Bias"),
        "weight_bits": one_of(1, 2, 4, 4, 8),
        "per_channel": bool(rng.random() < 0.4),
        "norm": one_of("no", "no", "no", "plain", "scale"),
        "end": one_of("no", "no", "no", "softmax", "sigmoid"),
        "bits": one_of(2, 4, 8),
    }
    return Genes(shape, entrance, tuple(blocks), head, opset=one_of(11, 13, 13, 14))


def build(genes: Genes, seed: int, path: Path) -> None:
    """Make the network with random weights, settle its scales on random images, and write it as QONNX.

    Raises ValueError where the windows of some block do not fit its feature map.
    """
    torch.manual_seed(seed)
    model = _Network(genes).train()
    sample = torch.zeros(1, *genes.shape)
    with torch.no_grad():
        model(torch.rand(2, *genes.shape) * genes_brightest(genes))  # makes the lazy parts
        for _ in range(CALIBRATION_STEPS):
            model(_images(genes, CALIBRATION_IMAGES))
    export_qonnx(model.eval(), sample, str(path), dynamo=False, opset_version=genes.opset)


def genes_brightest(genes: Genes) -> float:
    """The real value of the brightest pixel: 255 where the network reads raw pixels."""
    return 255.0 if genes.entrance["how"] in ("raw", "centred") else 1.0


def _images(genes: Genes, count: int) -> Tensor:
    return torch.randint(0, 256, (count, *genes.shape)).float() / 255 * genes_brightest(genes)


class _Network(nn.Module):
    """An entrance, blocks, and a head, as attributes b0, b1, ...; shapes follow by running it once."""

    def __init__(self, genes: Genes) -> None:
        super().__init__()
        self.genes, self.line = genes, len(genes.shape) == 2
        shape: tuple[int, ...] = genes.shape
        self.entrance = _Entrance(genes.entrance, shape)
        for number, block in enumerate(genes.blocks):
            made = _BLOCKS[block["kind"]](block, shape)
            shape = _shape_behind(made, shape)
            setattr(self, f"b{number}", made)
        self.head = _Head(genes.head, shape)

    def forward(self, x: Tensor) -> Tensor:
        x = self.entrance(x)
        for number in range(len(self.genes.blocks)):
            x = getattr(self, f"b{number}")(x)
        return self.head(x)


def _shape_behind(block: nn.Module, shape: tuple[int, ...]) -> tuple[int, ...]:
    with torch.no_grad():
        try:
            found = tuple(block(torch.rand(2, *shape)).shape[1:])
        except RuntimeError as error:
            raise ValueError(str(error)) from None
    if min(found) < 1:
        raise ValueError(f"nothing is left of {shape}")
    return found


class _Entrance(nn.Module):
    """Raw pixels, or an input quantizer behind nothing, a mean and deviation per channel, or 2 x - 1."""

    def __init__(self, block: Block, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.how = block["how"]
        ones = (1,) * (len(shape) - 1)
        self.register_buffer("mean", torch.linspace(0.4, 0.5, shape[0]).reshape(shape[0], *ones))
        self.register_buffer("deviation", torch.linspace(0.2, 0.3, shape[0]).reshape(shape[0], *ones))
        if self.how != "raw":
            self.quantizer = qnn.QuantIdentity(bit_width=block["bits"])

    def forward(self, x: Tensor) -> Tensor:
        if self.how == "raw":
            return x
        if self.how == "normalised":
            x = (x - self.mean) / self.deviation
        elif self.how == "centred":
            x = x / 127.5 - 1
        return self.quantizer(x)


class _Conv(nn.Module):
    """Convolution, batch norm, activation, and a max pool before or after it."""

    def __init__(self, block: Block, shape: tuple[int, ...], groups: int = 1) -> None:
        super().__init__()
        line, inputs = len(shape) == 2, shape[0]
        channels = inputs if groups > 1 else block["channels"]
        kernel = min(block["kernel"], *shape[1:])
        pad = min(block["pad"], kernel - 1)
        maker = qnn.QuantConv1d if line else qnn.QuantConv2d
        self.conv = maker(
            inputs, channels, kernel, stride=block["stride"], padding=pad, groups=groups, **_weights(block)
        )
        self.norm, self.act = _norm(block["norm"], channels, line), _activation(block)
        self.pool = _pool(block, line) if block["pool"] != "no" else None
        self.first = block["pool"] == "before"

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.conv(x))
        if self.pool is not None and self.first:
            x = self.pool(x)
        x = self.act(x)
        return self.pool(x) if self.pool is not None and not self.first else x


def _depthwise(block: Block, shape: tuple[int, ...]) -> nn.Module:
    return _Conv(block, shape, groups=shape[0])


class _Pool(nn.Module):
    """A max pool alone."""

    def __init__(self, block: Block, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.pool = _pool(block, len(shape) == 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(x)


class _Average(nn.Module):
    """A quantizer, a local average, and a quantizer behind it; or Brevitas' truncating average."""

    def __init__(self, block: Block, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.truncate = block["truncate"]
        kernel, stride = min(block["pool_kernel"], *shape[1:]), block["pool_stride"]
        if len(shape) == 2:
            self.truncate = False
            self.average = nn.AvgPool1d(kernel, stride)
        elif self.truncate:
            self.before = qnn.QuantReLU(bit_width=max(2, block["bits"]), return_quant_tensor=True)
            self.average = qnn.TruncAvgPool2d(kernel, stride, bit_width=max(2, block["bits"]))
        else:
            self.average = nn.AvgPool2d(kernel, stride)
        if not self.truncate:
            self.act = _activation(block)

    def forward(self, x: Tensor) -> Tensor:
        if self.truncate:
            found = self.average(self.before(x))
            return found.value if hasattr(found, "value") else found
        return self.act(self.average(x))


class _Residual(nn.Module):
    """Two convolutions beside the input (or a third path), added, with a ReLU behind the sum, as ResNet has it."""

    def __init__(self, block: Block, shape: tuple[int, ...]) -> None:
        super().__init__()
        plain = block | {"kernel": 3, "pad": 1, "stride": 1, "pool": "no"}
        signed = block["join"] == "shared"
        self.shared = signed
        self.start = qnn.QuantIdentity(bit_width=max(2, block["bits"]))
        self.first = _Conv(plain | {"activation": "qrelu", "bits": max(2, block["bits"])}, shape)
        self.second = qnn.QuantConv2d(block["channels"], shape[0], 1, **_weights(block))
        self.norm = _norm(block["norm"], shape[0], False)
        self.other = qnn.QuantIdentity(bit_width=max(2, block["bits"]))
        self.third = qnn.QuantIdentity(bit_width=max(2, block["bits"]))
        self.side = qnn.QuantConv2d(shape[0], shape[0], 1, **_weights(block)) if block["terms"] == 3 else None
        self.act = qnn.QuantReLU(bit_width=max(2, block["bits"]))

    def forward(self, x: Tensor) -> Tensor:
        x = self.start(x)
        branch = self.norm(self.second(self.first(x)))
        total = x + (self.start if self.shared else self.other)(branch)
        if self.side is not None:
            total = total + (self.start if self.shared else self.third)(self.side(x))
        return self.act(total)


class _Dense(nn.Module):
    """DenseNet's step: the input and a convolution of it, side by side."""

    def __init__(self, block: Block, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.start = qnn.QuantReLU(bit_width=max(2, block["bits"]))
        self.conv = qnn.QuantConv2d(shape[0], block["channels"], 3, padding=1, **_weights(block))
        self.norm = _norm(block["norm"], block["channels"], False)
        unlike = block["terms"] == 3  # another type than the input's, too
        self.other = qnn.QuantIdentity(bit_width=3) if unlike else qnn.QuantReLU(bit_width=max(2, block["bits"]))
        self.shared = block["join"] == "shared"

    def forward(self, x: Tensor) -> Tensor:
        x = self.start(x)
        return torch.cat([x, (self.start if self.shared else self.other)(self.norm(self.conv(x)))], dim=1)


class _Sum(nn.Module):
    """Two convolutions of one input with one quantizer, summed with it: a + b + c."""

    def __init__(self, block: Block, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.start = qnn.QuantIdentity(bit_width=max(2, block["bits"]))
        self.left = qnn.QuantConv2d(shape[0], shape[0], 1, **_weights(block))
        self.right = qnn.QuantConv2d(shape[0], shape[0], 3, padding=1, **_weights(block))
        self.act = _activation(block | {"bits": max(2, block["bits"])})

    def forward(self, x: Tensor) -> Tensor:
        x = self.start(x)
        return self.act(self.start(self.left(x)) + self.start(self.right(x)) + x)


class _Head(nn.Module):
    """Scores: a fully connected layer, or two, or a convolution and a global average; what comes behind them."""

    def __init__(self, block: Block, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.how, self.end = block["how"], block["end"]
        classes = block["classes"]
        line, inputs = len(shape) == 2, shape[0]
        self.average = (nn.AdaptiveAvgPool1d if line else nn.AdaptiveAvgPool2d)(1)
        self.flatten = nn.Flatten()
        if self.how == "convolution":
            maker = qnn.QuantConv1d if line else qnn.QuantConv2d
            self.last = maker(inputs, classes, 1, **_weights(block))
        else:
            elements = inputs if self.how == "average" else int(np.prod(shape))
            if self.how == "two":
                self.hidden = qnn.QuantLinear(elements, 8, **_weights(block))
                self.act = qnn.QuantReLU(bit_width=block["bits"])
                elements = 8
            self.last = qnn.QuantLinear(elements, classes, **_weights(block))
        self.norm: nn.Module = nn.Identity()
        if block["norm"] == "plain":
            self.norm = nn.BatchNorm1d(classes)
            nn.init.uniform_(self.norm.weight, 0.5, 1.5)
        elif block["norm"] == "scale":
            self.norm = _Scale()

    def forward(self, x: Tensor) -> Tensor:
        if self.how == "convolution":
            x = self.flatten(self.average(self.last(x)))
        else:
            x = self.flatten(self.average(x) if self.how == "average" else x)
            x = self.last(self.act(self.hidden(x)) if self.how == "two" else x)
        x = self.norm(x)
        if self.end == "softmax":
            return functional.softmax(x, dim=1)
        return torch.sigmoid(x) if self.end == "sigmoid" else x


class _Scale(nn.Module):
    """One batch norm for all scores, as Brevitas' own examples end."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(1)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.unsqueeze(1)).squeeze(1) if x.ndim == 3 else self.norm(x.reshape(-1, 1)).reshape(x.shape)


def _weights(block: Block) -> dict[str, Any]:
    bits, bias = block["weight_bits"], block["bias"]
    found: dict[str, Any] = {"bias": bias != "no"}
    if bits == 1:
        found["weight_quant"] = SignedBinaryWeightPerTensorConst
    else:
        found |= {"weight_bit_width": bits, "weight_scaling_per_output_channel": block["per_channel"]}
    if bias in BIASES and bits > 1:
        found["bias_quant"] = BIASES[bias]
        if bias != "Int8Bias":  # their scale is that of the sums, so the layer must know its input's
            found["input_quant"] = Int8ActPerTensorFloat
    return found


def _norm(how: str, channels: int, line: bool) -> nn.Module:
    if how == "no":
        return nn.Identity()
    norm = (nn.BatchNorm1d if line else nn.BatchNorm2d)(channels)
    nn.init.uniform_(norm.weight, 0.3, 1.5)
    nn.init.normal_(norm.bias, 0, 0.5)
    if how == "signs":
        norm.weight.data *= torch.where(torch.rand(channels) < 0.4, -1.0, 1.0)
    elif how == "zeros":
        norm.weight.data[0] = 0.0
    return norm


def _activation(block: Block) -> nn.Module:
    bits = block["bits"]
    more = max(2, bits)
    makers: dict[str, Callable[[], nn.Module]] = {
        "qrelu": lambda: qnn.QuantReLU(bit_width=bits),
        "identity": lambda: qnn.QuantIdentity(bit_width=more),
        "relu_signed": lambda: nn.Sequential(nn.ReLU(), qnn.QuantIdentity(bit_width=more)),
        "relu6": lambda: nn.Sequential(nn.ReLU6(), qnn.QuantIdentity(bit_width=more, signed=False)),
        "leaky": lambda: nn.Sequential(nn.LeakyReLU(0.1), qnn.QuantIdentity(bit_width=more)),
        "hardtanh": lambda: qnn.QuantHardTanh(bit_width=more, max_val=1.0, min_val=-1.0),
        "sigmoid": lambda: nn.Sequential(nn.Sigmoid(), qnn.QuantIdentity(bit_width=more)),
        "tanh": lambda: nn.Sequential(nn.Tanh(), qnn.QuantIdentity(bit_width=more)),
        "bipolar": lambda: qnn.QuantIdentity(act_quant=SignedBinaryActPerTensorConst),
    }
    return makers[block["activation"]]()


def _pool(block: Block, line: bool) -> nn.Module:
    kernel, stride = block["pool_kernel"], block["pool_stride"]
    return (nn.MaxPool1d if line else nn.MaxPool2d)(
        kernel, stride, min(block["pool_pad"], kernel // 2), ceil_mode=block["ceil"]
    )


_BLOCKS: dict[str, Callable[..., nn.Module]] = {
    "conv": _Conv,
    "depthwise": _depthwise,
    "pool": _Pool,
    "average": _Average,
    "residual": _Residual,
    "dense": _Dense,
    "sum": _Sum,
}
