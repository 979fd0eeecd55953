"""Batch norm over a batch that several workers share, on CPUs as on GPUs (PyTorch's own is for GPUs)."""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn


class _SumOverWorkers(torch.autograd.Function):
    """Every worker's loss depends on the sum, so each one's gradient is the sum of all workers'."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        total = values.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].contiguous().clone()
        dist.all_reduce(total)
        return total


class SharedBatchNorm(nn.BatchNorm2d):
    """In training, mean and variance of the whole batch, and gradients through both; as `BatchNorm2d` otherwise."""

    def forward(self, values: Tensor) -> Tensor:
        if not self.training:
            return super().forward(values)
        mean, variance, images = _statistics(values)
        with torch.no_grad():
            unbiased = variance * images / (images - 1)
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean.to(self.running_mean.dtype), self.momentum)
            self.running_var.lerp_(unbiased.to(self.running_var.dtype), self.momentum)
        scale = self.weight * torch.rsqrt(variance + self.eps).to(self.weight.dtype)
        shift = self.bias - mean.to(self.weight.dtype) * scale
        return torch.addcmul(shift[:, None, None], values, scale[:, None, None]).to(values.dtype)


def _statistics(values: Tensor) -> tuple[Tensor, Tensor, float]:
    """Mean and variance (channels,) over all workers, and how many values of a channel there are.

    Each worker's mean and variance are joined in float64, in which the difference of the squares loses nothing that
    float32 had.
    """
    own = values.numel() / values.shape[1]
    exact = values if values.dtype == torch.float64 else values.float()
    variance, mean = torch.var_mean(exact, dim=(0, 2, 3), correction=0)
    variance, mean = variance.double(), mean.double()
    size = torch.full((1,), own, dtype=torch.float64, device=values.device)
    sums = _SumOverWorkers.apply(torch.cat([own * mean, own * (variance + mean**2), size]))
    joint, squares = sums[: len(mean)] / sums[-1], sums[len(mean) : -1] / sums[-1]
    return joint, (squares - joint**2).clamp_min(0), float(sums[-1].detach())


def share_statistics(model: nn.Module) -> None:
    """Turn every batch norm of `model` into a shared one, with the same parameters."""
    for module in model.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SharedBatchNorm
