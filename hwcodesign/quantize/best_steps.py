"""The step of a quantizer after which values differ least from what they should be."""

import numpy as np
import torch
from torch import Tensor

from hwcodesign.quantize.quantized import Grid

_SHARES = np.geomspace(0.05, 1.1, 96)  # of the largest value, that the last level may stand for


def best_steps(wanted: Tensor, given: Tensor, grid: Grid) -> Tensor:
    """For each row (rows,), float64; `wanted` and `given` (rows, values), the former behind ReLU if there is one.

    0 for a row that is 0 throughout.
    """
    largest = wanted.abs().amax(1).double()
    best, least = torch.zeros_like(largest), torch.full_like(largest, torch.inf)
    for share in _SHARES:
        steps = share * largest / grid.high
        error = (grid.rounded(given, steps[:, None].to(given.dtype)) - wanted).square().mean(1).double()
        nearer = (error < least) & (largest > 0)
        best, least = torch.where(nearer, steps, best), torch.where(nearer, error, least)
    return best
