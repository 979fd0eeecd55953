"""Batch norms of a state_dict find their convolutions by name, and leave the function as it was."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from hwcodesign.core.errors import UserError
from hwcodesign.export.batch_norm import folded

HERE = Path("w.pt")


def state(module: nn.Module) -> dict[str, np.ndarray]:
    return {key: value.numpy() for key, value in module.state_dict().items() if value.is_floating_point()}


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(4), nn.Conv2d(3, 4, 3, bias=False)
        self.down = nn.Sequential(nn.Conv2d(4, 6, 1), nn.BatchNorm2d(6))
        self.last = nn.Conv2d(6, 6, 1)
        self.last.norm = nn.BatchNorm2d(6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last.norm(self.last(self.down(self.bn1(self.conv1(x)))))


@pytest.mark.parametrize("by_name", [False, True])
def test_the_function_stays(by_name):
    torch.manual_seed(0)
    block, plain = Block(), Block()
    for module in block.modules():
        if isinstance(module, nn.BatchNorm2d):
            ends = {"running_mean": (-1, 1), "running_var": (0.3, 2), "weight": (0.5, 2), "bias": (-1, 1)}
            for part, (low, high) in ends.items():
                nn.init.uniform_(getattr(module, part), low, high)
    tensors = state(block.eval())
    found = folded(HERE, dict(sorted(tensors.items())) if by_name else tensors)
    assert set(found) == {f"{name}.{part}" for name in ("conv1", "down.0", "last") for part in ("weight", "bias")}
    plain.conv1.bias = nn.Parameter(torch.zeros(4))
    plain.bn1 = plain.down[1] = plain.last.norm = nn.Identity()
    plain.load_state_dict({key: torch.from_numpy(value) for key, value in found.items()})
    x = torch.rand(2, 3, 5, 5)
    with torch.no_grad():
        assert torch.allclose(plain(x), block(x), atol=1e-5)


def test_one_without_a_convolution_is_named():
    with pytest.raises(UserError, match=r"w.pt: the batch norm a.bn follows no convolution of 4 filters"):
        folded(HERE, state(nn.ModuleDict({"a": nn.ModuleDict({"bn": nn.BatchNorm2d(4), "conv": nn.Conv2d(3, 5, 1)})})))
