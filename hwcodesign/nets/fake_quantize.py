"""ReLU and unsigned quantization in training, in few passes over memory: what Brevitas computes with three times more.

    y = scale * min(round(max(x, 0) / scale), levels)          round half to even

The gradient passes straight through the rounding (Y. Bengio et al., Estimating or propagating gradients through
stochastic neurons, 2013) and not through what is clipped; for the scale it is
sum over clipped of g * levels + sum over the others of g * (round(x / scale) - x / scale).
"""

from typing import Any

import torch
from torch import Tensor

_CACHED = 1 << 16  # elements that stay in a core's cache from one operation to the next


def fake_quantize(values: Tensor, scale: Tensor, levels: int) -> Tensor:
    """`values` as multiples 0..levels of `scale` (one number); bit for bit what Brevitas's QuantReLU gives."""
    result: Tensor = _FakeQuantize.apply(values, scale, levels)
    return result


class _FakeQuantize(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, scale: Tensor, levels: int) -> Tensor:
        result = torch.empty_like(values)
        step = scale if values.dtype == scale.dtype else float(scale)  # bfloat16 has too few digits for it
        for part, out in zip(_parts(values), _parts(result), strict=True):
            torch.div(part, step, out=out).round_().clamp_(0, levels).mul_(step)
        ctx.save_for_backward(values, scale, result)
        ctx.levels = levels
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor | None, None]:
        (gradient,) = gradients
        values, scale, result = ctx.saved_tensors
        passed = torch.ops.aten.hardtanh_backward(gradient, values, 0.0, _first_clipped(scale, ctx.levels))
        if not ctx.needs_input_grad[1]:
            return passed, None, None
        return passed, _products(gradient, result, passed, values) / scale, None


def _products(left: Tensor, right: Tensor, less: Tensor, by: Tensor) -> Tensor:
    """sum(left * right - less * by), without a tensor of products."""
    if left.dtype != torch.bfloat16:
        return _dot(left, right) - _dot(less, by)
    return torch.addcmul(left * right, less, by, value=-1).sum().float()  # a sum adds up in float32, dot does not


def _dot(left: Tensor, right: Tensor) -> Tensor:
    """The sum of all products of tensors as they lie in memory, channels last."""
    return torch.dot(left.movedim(1, -1).flatten(), right.movedim(1, -1).flatten())


def _parts(values: Tensor) -> tuple[Tensor, ...]:
    """Groups of frames small enough for the cache; on a GPU all frames at once."""
    if values.is_cuda:
        return (values,)
    return values.split(max(1, _CACHED * len(values) // max(1, values.numel())))


def _first_clipped(scale: Tensor, levels: int) -> float:
    """The smallest float32 whose quotient by `scale` rounds to more than `levels` (an odd number: a tie rounds up)."""
    limit = torch.tensor(levels + 0.5)
    step = scale.detach().cpu()
    first = limit * step
    up, down = torch.tensor(float("inf")), torch.tensor(0.0)
    while first / step >= limit:
        first = torch.nextafter(first, down)
    while first / step < limit:
        first = torch.nextafter(first, up)
    return float(first)
