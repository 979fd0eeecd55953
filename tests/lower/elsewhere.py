"""Quantized networks as somebody else would write them: Brevitas to QONNX, with nothing of this project.

Run as a script it writes all nine: `python elsewhere.py FOLDER`. Weights and batch-norm statistics are random but
seeded; one pass over random images sets the activation scales.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import brevitas.nn as qnn
import torch
from brevitas.export import export_qonnx
from brevitas.quant import (
    Int8WeightPerTensorFloat,
    SignedBinaryActPerTensorConst,
    SignedBinaryWeightPerTensorConst,
    Uint8ActPerTensorFloat,
)
from torch import nn

WIDTHS = {"w1a1": (1, 1), "w2a2": (2, 2), "w4a4": (4, 4)}


def _weights(bits: int) -> dict[str, object]:
    if bits == 1:
        return {"weight_quant": SignedBinaryWeightPerTensorConst}
    return {"weight_quant": Int8WeightPerTensorFloat, "weight_bit_width": bits}


def _activation(bits: int) -> nn.Module:
    if bits == 1:
        return qnn.QuantIdentity(act_quant=SignedBinaryActPerTensorConst)
    return qnn.QuantReLU(act_quant=Uint8ActPerTensorFloat, bit_width=bits)


def convolutional(weight_bits: int, activation_bits: int) -> nn.Module:
    """Input quantizer, two convolutions, max pool, two fully connected layers; 3x12x12 in, 10 classes out."""
    pad = 0 if activation_bits == 1 else 1
    side = 3 if activation_bits == 1 else 5
    weights = _weights(weight_bits)
    return nn.Sequential(
        qnn.QuantIdentity(bit_width=8),
        qnn.QuantConv2d(3, 8, 3, bias=False, **weights),
        nn.BatchNorm2d(8),
        _activation(activation_bits),
        nn.MaxPool2d(2),
        qnn.QuantConv2d(8, 12, 3, padding=pad, bias=False, **weights),
        nn.BatchNorm2d(12),
        _activation(activation_bits),
        nn.Flatten(),
        qnn.QuantLinear(12 * side * side, 16, bias=False, **weights),
        nn.BatchNorm1d(16),
        _activation(activation_bits),
        qnn.QuantLinear(16, 10, bias=False, **weights),
    )


class Centred(nn.Module):
    """Pixels of 0..1 to -1..1."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * x - 1


def perceptron(weight_bits: int, activation_bits: int) -> nn.Module:
    """Input quantizer, flatten, three fully connected layers; 1x8x8 in, 10 classes out."""
    weights = _weights(weight_bits)
    return nn.Sequential(
        Centred(),
        qnn.QuantIdentity(bit_width=8) if activation_bits > 1 else _activation(1),
        nn.Flatten(),
        qnn.QuantLinear(64, 24, bias=False, **weights),
        nn.BatchNorm1d(24),
        _activation(activation_bits),
        qnn.QuantLinear(24, 16, bias=True, **weights),
        nn.BatchNorm1d(16),
        _activation(activation_bits),
        qnn.QuantLinear(16, 10, bias=False, **weights),
    )


class Residual(nn.Module):
    """Raw pixels, a Fire module and a bypass, written in functional style: 3x12x12 in, 10 classes out."""

    def __init__(self, weight_bits: int, activation_bits: int) -> None:
        super().__init__()
        weights = _weights(weight_bits)
        self.stem = qnn.QuantConv2d(3, 8, 3, stride=2, bias=True, **weights)
        self.squeeze = qnn.QuantConv2d(8, 4, 1, bias=False, **weights)
        self.left = qnn.QuantConv2d(4, 4, 1, bias=False, **weights)
        self.right = qnn.QuantConv2d(4, 4, 1, bias=False, **weights)
        self.stem_norm, self.norm = nn.BatchNorm2d(8), nn.BatchNorm2d(4)
        self.squeezed, self.shared, self.summed = (_activation(activation_bits) for _ in range(3))
        self.head = qnn.QuantConv2d(8, 10, 1, bias=False, **weights)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.shared(self.stem_norm(self.stem((x - 127) / 128)))
        small = self.squeezed(self.squeeze(x))
        both = torch.cat([self.shared(self.norm(self.left(small))), self.shared(self.right(small))], dim=1)
        x = self.summed(both + x)
        x = nn.functional.max_pool2d(x, 2)
        return self.head(x).mean((2, 3)).view(x.shape[0], -1)


NETWORKS: dict[str, tuple[Callable[[int, int], nn.Module], tuple[int, ...]]] = {
    "convolutional": (convolutional, (3, 12, 12)),
    "perceptron": (perceptron, (1, 8, 8)),
    "residual": (Residual, (3, 12, 12)),
}


def settle(model: nn.Module, shape: tuple[int, ...], brightest: float) -> nn.Module:
    """Random weights and batch-norm parameters (some scales negative), statistics from random images."""
    torch.manual_seed(1)
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.uniform_(module.weight, -1.0, 1.0)
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias, std=0.3)
    model.train()
    with torch.no_grad():
        for _ in range(30):
            model(torch.randint(0, 256, (32, *shape)) / 255 * brightest)
    return model.eval()


def export(network: str, widths: str, path: Path, **exporter: object) -> nn.Module:
    """Write one network as QONNX, by PyTorch's older exporter if not told otherwise; returns the module."""
    torch.manual_seed(0)
    make, shape = NETWORKS[network]
    model = settle(make(*WIDTHS[widths]), shape, 255.0 if network == "residual" else 1.0)
    export_qonnx(model, torch.zeros(1, *shape), str(path), **(exporter or {"dynamo": False, "opset_version": 13}))
    return model


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for network_name in NETWORKS:
        for widths_name in WIDTHS:
            export(network_name, widths_name, folder / f"{network_name}-{widths_name}.onnx")
