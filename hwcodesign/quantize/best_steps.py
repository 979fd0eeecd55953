"""The step of a quantizer after which values differ least from what they should be."""

import numpy as np
import torch
from torch import Tensor

from hwcodesign.quantize.quantized import Grid

_SHARES = np.geomspace(0.05, 1.1, 96)  # of the largest value, that the last level may stand for


def best_steps(wanted: Tensor, given: Tensor, grid: Grid, along: float = 0.0) -> Tensor:
    """For each row (rows,), float64; `wanted` and `given` (rows, values), the former behind ReLU if there is one.

    So many times more counts what of the squared error goes `along` with what is wanted: a share of this that is
    missing. 0 for a row that is 0 throughout.
    """
    largest = wanted.abs().amax(1).double()
    centred = wanted - wanted.mean(1, keepdim=True)
    energy = centred.square().mean(1).clamp(min=torch.finfo(wanted.dtype).tiny)
    best, least = torch.zeros_like(largest), torch.full_like(largest, torch.inf)
    for share in _SHARES:
        steps = share * largest / grid.high
        missed = grid.rounded(given, steps[:, None].to(given.dtype)) - wanted
        error = missed.square().mean(1)
        if along:
            error += along * (missed * centred).mean(1).square() / energy
        error = error.double()
        nearer = (error < least) & (largest > 0)
        best, least = torch.where(nearer, steps, best), torch.where(nearer, error, least)
    return best
