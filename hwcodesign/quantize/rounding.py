"""One convolution's weights as integers, so that its sums stay what they were on the inputs that it gets.

Sources: E. Frantar et al., GPTQ, 2022 (rounding column after column, each error made up for by the columns that are
left); A. Zhang et al., COMQ, 2024 (coordinate descent over integers and scales); the ridge regression is ours to make
up for what the quantization before this layer has done to its inputs.
"""

from collections.abc import Callable

import torch
from torch import Tensor

_RIDGE = 0.3  # of the regression, as a share of the inputs' mean energy
_DAMPING = 0.01  # of the covariance that GPTQ inverts, likewise
_SHRINKS = tuple(
    0.3 + 0.0125 * i for i in range(57)
)  # of the scale at which a filter's largest weight is the last level
_FACTORS = (0.8, 0.9, 1.0, 1.1, 1.2)  # of that scale, each rounded by GPTQ: its own error decides
_SWEEPS = 3  # of coordinate descent at most
_FLOOR = 0.1  # of the mean energy: what an input without any counts


def refitted(weight: Tensor, covariance: Tensor, cross: Tensor) -> Tensor:
    """argmin |W x - W' u|^2 + ridge |W - W'|^2 over W' (O, K), for float inputs x and quantized inputs u of the layer.

    `weight` W is (O, K), `covariance` E[u u'] and `cross` E[x u'] are (K, K), of inputs around their means. Inputs that
    never change (a channel that is dead) have nothing to say: W then.
    """
    if not covariance.any():
        return weight
    eye = torch.eye(len(covariance), dtype=weight.dtype, device=weight.device)
    ridge = eye * covariance.diagonal().mean() * _RIDGE
    return torch.linalg.solve(covariance + ridge, (weight @ (cross + ridge)).T).T


def scales_for(weight: Tensor, energy: Tensor, bits: int, shared: bool = False) -> Tensor:
    """For each filter (O, K) the scale (O,) of least squared rounding error, weighted with the inputs' energy (K,).

    A filter of zeros has the scale 1. With `shared` all have the same one.
    """
    most = 2 ** (bits - 1) - 1
    largest = _of_all(weight.abs().amax(1), shared, torch.amax)
    weights = energy + energy.mean() * _FLOOR
    best, scale = torch.full_like(largest, torch.inf), torch.ones_like(largest)
    for shrink in _SHRINKS:
        candidate = shrink * largest / most
        safe = torch.where(candidate > 0, candidate, torch.ones_like(candidate))[:, None]
        error = (((weight / safe).round().clamp(-most, most) * safe - weight) ** 2 * weights).sum(1)
        error = _of_all(error, shared)
        better = error < best
        best, scale = torch.where(better, error, best), torch.where(better, safe[:, 0], scale)
    return scale


def gptq(weight: Tensor, covariance: Tensor, scale: Tensor, bits: int) -> Tensor:
    """Integers (O, K) of magnitude at most 2^(bits-1) - 1 for `weight` (O, K), columns of most energy first."""
    most = 2 ** (bits - 1) - 1
    order = torch.argsort(covariance.diagonal(), descending=True, stable=True)
    sure = damped(covariance, _DAMPING)[order][:, order]
    inverse = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(sure)), upper=True)
    rest, found = weight[:, order].clone(), torch.zeros_like(weight)
    for j in range(weight.shape[1]):
        found[:, j] = (rest[:, j] / scale).round().clamp(-most, most)
        error = (rest[:, j] - found[:, j] * scale) / inverse[j, j]
        rest[:, j:] -= error[:, None] * inverse[j, j:][None]
    back = torch.empty_like(found)
    back[:, order] = found
    return back


def integers_for(weight: Tensor, covariance: Tensor, bits: int, shared: bool = False) -> tuple[Tensor, Tensor]:
    """Integers (O, K) and scales (O,) for `weight` (O, K) on inputs of `covariance` (K, K).

    Of several scales that which leaves GPTQ the least error, filter by filter; then integers and scales are improved in
    turn (`descended`). With `shared` all filters have the same scale.
    """
    start = scales_for(weight, covariance.diagonal(), bits, shared)
    best = torch.full_like(start, torch.inf)
    integers, scales = torch.zeros_like(weight), start.clone()
    for factor in _FACTORS:
        made = gptq(weight, covariance, start * factor, bits)
        error = _of_all(errors(weight - made * (start * factor)[:, None], covariance), shared)
        better = error < best
        best = torch.where(better, error, best)
        integers = torch.where(better[:, None], made, integers)
        scales = torch.where(better, start * factor, scales)
    return descended(weight, covariance, integers, scales, bits, shared)


def descended(
    weight: Tensor, covariance: Tensor, integers: Tensor, scales: Tensor, bits: int, shared: bool = False
) -> tuple[Tensor, Tensor]:
    """Integers and scales with no larger error: one column after the other at its best, then each scale, in turn."""
    most = 2 ** (bits - 1) - 1
    sure = damped(covariance, _DAMPING)
    integers, scales = integers.clone(), scales.clone()
    order = torch.argsort(sure.diagonal(), descending=True, stable=True).tolist()
    for _ in range(_SWEEPS):
        before, slope = integers.clone(), (weight - integers * scales[:, None]) @ sure
        for j in order:
            wanted = integers[:, j] + slope[:, j] / (scales * sure[j, j])
            moved = wanted.round().clamp(-most, most) - integers[:, j]
            integers[:, j] += moved
            slope -= (moved * scales)[:, None] * sure[j][None]
        energy = _of_all(errors(integers, sure), shared)
        products = _of_all(((weight @ sure) * integers).sum(1), shared)
        fitted = products / energy.clamp(min=torch.finfo(weight.dtype).tiny)
        scales = torch.where((energy > 0) & (fitted > 0), fitted, scales)
        if torch.equal(before, integers):
            break
    return integers, scales


def damped(covariance: Tensor, share: float) -> Tensor:
    """`covariance` (K, K) with a `share` of its mean energy added to each: it has an inverse, even if it is 0."""
    found = covariance.clone()
    found.diagonal().add_(covariance.diagonal().mean() * share + torch.finfo(covariance.dtype).tiny)
    return found


def _of_all(numbers: Tensor, shared: bool, joined: Callable[[Tensor], Tensor] = torch.sum) -> Tensor:
    """`numbers` (O,), or what is `joined` of them for each."""
    return joined(numbers).expand_as(numbers) if shared else numbers


def errors(difference: Tensor, covariance: Tensor) -> Tensor:
    """The energy (O,) that each row of `difference` (O, K) gives to the sums."""
    return ((difference @ covariance) * difference).sum(1)
