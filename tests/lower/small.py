"""Small Brevitas networks for the tests: 2x8x8 pixels in, quantized to 4 bits if nothing else is said."""

from collections.abc import Callable
from pathlib import Path

import brevitas.nn as qnn
import torch
from brevitas.export import export_qonnx
from torch import Tensor, nn

SHAPE = (2, 8, 8)


def conv(inputs: int = 4, outputs: int = 4, kernel: int | tuple[int, int] = 3, **options: object) -> nn.Module:
    return qnn.QuantConv2d(inputs, outputs, kernel, **{"weight_bit_width": 4, "bias": False, **options})


def linear(inputs: int, outputs: int, **options: object) -> nn.Module:
    return qnn.QuantLinear(inputs, outputs, **{"weight_bit_width": 4, "bias": False, **options})


def relu(**options: object) -> nn.Module:
    return qnn.QuantReLU(**{"bit_width": 4, **options})


def norm(channels: int, dead: bool = False, falling: bool = False) -> nn.Module:
    """Batch norm with random factors of both signs; channel 0 always 0 (`dead`), or all negative (`falling`)."""
    layer = nn.BatchNorm2d(channels)
    nn.init.normal_(layer.weight)
    nn.init.normal_(layer.bias)
    if dead:
        layer.weight.data[0] = 0.0
    if falling:
        layer.weight.data = -layer.weight.data.abs() - 0.1
    return layer


def average() -> tuple[nn.Module, nn.Module]:
    return nn.AdaptiveAvgPool2d(1), nn.Flatten()


class Does(nn.Module):
    """`function(x, *modules)`."""

    def __init__(self, function: Callable[..., Tensor], *modules: nn.Module) -> None:
        super().__init__()
        self.function, self.used = function, nn.ModuleList(modules)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, *self.used)


def export(make: Callable[[], nn.Module], path: Path, shape: tuple[int, ...] = SHAPE) -> None:
    """Make the network with seeded weights, settle its scales on random images, write it as QONNX."""
    torch.manual_seed(0)
    module = make().train()
    with torch.no_grad():
        for _ in range(10):
            module(torch.randint(0, 256, (16, *shape)).float())
    export_qonnx(module.eval(), torch.zeros(1, *shape), str(path), dynamo=False, opset_version=13)
