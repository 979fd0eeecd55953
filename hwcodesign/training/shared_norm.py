"""Batch norm over a batch that several workers share, on CPUs as on GPUs (PyTorch's own is for GPUs).

Both directions are PyTorch's kernels for batch norm with given statistics, so a worker pays little more than for one
that it has for itself: what the workers exchange are two numbers for each channel, once forward and once backward.
"""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.functional import batch_norm


class _SharedNorm(torch.autograd.Function):
    """Normalised `values` (N, channels, H, W); mean and unbiased variance (channels,) of all workers' values.

    With x^ = (x - mean) / sqrt(variance + eps), n values of a channel on all workers together, and sums over them too,
    the gradient of the loss L (all workers' losses added) is (S. Ioffe, C. Szegedy, Batch Normalization, 2015, in 3):

        dL/dx = weight / sqrt(variance + eps) * (dL/dy - sum(dL/dy) / n - x^ * sum(dL/dy * x^) / n)

    The sums of one worker's values are its own gradients of bias and weight.
    """

    @staticmethod
    def forward(ctx: Any, values: Tensor, weight: Tensor, bias: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
        mean, variance, count = _joint_statistics(values)
        ctx.save_for_backward(values, weight, mean, variance, count)
        ctx.eps = eps
        normalised = batch_norm(values, mean.to(weight), variance.to(weight), weight, bias, training=False, eps=eps)
        unbiased = variance * count / (count - 1)
        ctx.mark_non_differentiable(mean, unbiased)
        return normalised, mean, unbiased

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        values, weight, mean, variance, count = ctx.saved_tensors
        through_values, of_weight, of_bias = torch.ops.aten.native_batch_norm_backward(
            gradients[0], values, weight, mean.to(weight), variance.to(weight), None, None, False, ctx.eps, [True] * 3
        )
        sum_of_products, sum_of_gradients = _over_workers(torch.cat([of_weight, of_bias]).double()).chunk(2)
        inverse = torch.rsqrt(variance + ctx.eps)
        slope = weight * inverse**2 * sum_of_products / count
        offset = weight * inverse * sum_of_gradients / count - slope * mean
        through_statistics = torch.addcmul(_per_channel(offset, weight), values, _per_channel(slope, weight))
        return through_values.sub_(through_statistics), of_weight, of_bias, None


def _joint_statistics(values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean and variance (channels,) over all workers, and how many values of a channel there are; all in float64.

    Each worker's mean and variance are joined in float64, in which the difference of the squares loses nothing that
    float32 had.
    """
    exact = values if values.dtype == torch.float64 else values.float()  # bfloat16 would give its own few digits
    mean, variance = (each.double() for each in torch.batch_norm_update_stats(exact, None, None, 0.0))
    own = torch.full((1,), values.numel() // values.shape[1], dtype=torch.float64, device=values.device)
    sums = _over_workers(torch.cat([own * mean, own * (variance + mean**2), own]))
    joint, squares = (sums[:-1] / sums[-1]).chunk(2)
    return joint, (squares - joint**2).clamp_min(0), sums[-1]


def _per_channel(numbers: Tensor, like: Tensor) -> Tensor:
    return numbers.to(like)[:, None, None]


def _over_workers(own: Tensor) -> Tensor:
    dist.all_reduce(own)
    return own


class SharedBatchNorm(nn.BatchNorm2d):
    """In training, mean and variance of the whole batch, and gradients through both; as `BatchNorm2d` otherwise."""

    def forward(self, values: Tensor) -> Tensor:
        if not self.training:
            return super().forward(values)
        normalised, mean, unbiased = _SharedNorm.apply(values, self.weight, self.bias, self.eps)
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean.to(self.running_mean), self.momentum)
            self.running_var.lerp_(unbiased.to(self.running_var), self.momentum)
        return normalised


def share_statistics(model: nn.Module) -> None:
    """Turn every batch norm of `model` into a shared one, with the same parameters."""
    for module in model.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SharedBatchNorm
