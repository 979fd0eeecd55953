"""Errors that go with the signal count for more than those that do not.

What a layer reads, u, has of its float inputs x the part A x, A = E[u x'] E[x x']^-1; the rest n is noise. Weights V in
place of W leave the error (W - V A) x - V n of their sums. Least squares takes both alike, and so pays for less noise
with a signal that is damped, as Wiener's filter does. But noises of one layer and the next add up as squares do, while
a signal that was damped is damped again: errors that go with it add up as they are. So they weigh more here.

The split is ours; how much more was chosen on photographs, by the divergence of SqueezeNet's answers.
"""

import torch
from torch import Tensor

from hwcodesign.quantize.rounding import damped

OF_SUMS = 1.0  # so many times more an error's part along the signal counts
OF_STEPS = 5.0  # likewise, of an activation
_DAMPING = 1e-3  # of E[x x'], as a share of its mean energy: directions that x hardly has


def weighed(energy: Tensor, cross: Tensor, covariance: Tensor) -> tuple[Tensor, Tensor]:
    """E[x u'] and E[u u'] of a regression and of a rounding whose errors along x count 1 + `OF_SUMS` times.

    `energy` E[x x'], `cross` E[x u'] and `covariance` E[u u'] are (K, K), of inputs around their means. Minimal with
    what is given back is (1 + OF_SUMS) |(W - V A) x|^2 + |V n|^2.
    """
    passed = torch.linalg.solve(damped(energy, _DAMPING), cross)  # A'
    return cross + OF_SUMS * energy @ passed, covariance + OF_SUMS * cross.T @ passed
