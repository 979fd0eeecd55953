"""One convolution's weights as integers, so that its sums stay what they were on the inputs that it gets.

Sources: E. Frantar et al., GPTQ, 2022 (rounding column after column, each error made up for by the columns that are
left); the ridge regression is ours to make up for what the quantization before this layer has done to its inputs.
"""

import torch
from torch import Tensor

_RIDGE = 0.02  # of the regression, as a share of the inputs' mean energy
_DAMPING = 0.01  # of the covariance that GPTQ inverts, likewise
_SHRINKS = tuple(
    0.3 + 0.0125 * i for i in range(57)
)  # of the scale at which a filter's largest weight is the last level
_FLOOR = 0.1  # of the mean energy: what an input without any counts


def refitted(weight: Tensor, covariance: Tensor, cross: Tensor) -> Tensor:
    """argmin |W x - W' u|^2 + ridge |W - W'|^2 over W' (O, K), for float inputs x and quantized inputs u of the layer.

    `weight` W is (O, K), `covariance` E[u u'] and `cross` E[x u'] are (K, K), of inputs around their means.
    """
    eye = torch.eye(len(covariance), dtype=weight.dtype, device=weight.device)
    ridge = eye * covariance.diagonal().mean() * _RIDGE
    return torch.linalg.solve(covariance + ridge, (weight @ (cross + ridge)).T).T


def scales_for(weight: Tensor, energy: Tensor, bits: int) -> Tensor:
    """For each filter (O, K) the scale (O,) of least squared rounding error, weighted with the inputs' energy (K,).

    A filter of zeros has the scale 1.
    """
    most = 2 ** (bits - 1) - 1
    largest = weight.abs().amax(1)
    weights = energy + energy.mean() * _FLOOR
    best, scale = torch.full_like(largest, torch.inf), torch.ones_like(largest)
    for shrink in _SHRINKS:
        candidate = shrink * largest / most
        safe = torch.where(candidate > 0, candidate, torch.ones_like(candidate))[:, None]
        error = (((weight / safe).round().clamp(-most, most) * safe - weight) ** 2 * weights).sum(1)
        better = error < best
        best, scale = torch.where(better, error, best), torch.where(better, safe[:, 0], scale)
    return scale


def gptq(weight: Tensor, covariance: Tensor, scale: Tensor, bits: int) -> Tensor:
    """Integers (O, K) of magnitude at most 2^(bits-1) - 1 for `weight` (O, K), columns of most energy first."""
    most = 2 ** (bits - 1) - 1
    energy = covariance.diagonal()
    order = torch.argsort(energy, descending=True, stable=True)
    damped = covariance[order][:, order].clone()
    damped.diagonal().add_(energy.mean() * _DAMPING + torch.finfo(weight.dtype).tiny)
    inverse = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(damped)), upper=True)
    rest, found = weight[:, order].clone(), torch.zeros_like(weight)
    for j in range(weight.shape[1]):
        found[:, j] = (rest[:, j] / scale).round().clamp(-most, most)
        error = (rest[:, j] - found[:, j] * scale) / inverse[j, j]
        rest[:, j:] -= error[:, None] * inverse[j, j:][None]
    back = torch.empty_like(found)
    back[:, order] = found
    return back
