"""Weights that share few values while these values train (S. Han et al., Deep Compression, 2016, section 3).

A convolution's parameters are then its codebook: each weight is one of its values, and a value's gradient is the sum
of those of all weights that have it. Weights that are 0 stay 0.
"""

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize


class Codebook(nn.Module):
    """Weights of a shape of `codes` (0: no weight, else 1 + the place of its value), from the values (K,)."""

    codes: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.values = weight[weight != 0].unique()
        codes = torch.searchsorted(self.values, weight.contiguous()) + 1
        self.register_buffer("codes", codes.where(weight != 0, 0))

    def forward(self, values: Tensor) -> Tensor:
        """The weights."""
        every = torch.cat([values.new_zeros(1), values])
        return every.index_select(0, self.codes.flatten()).reshape(self.codes.shape)

    def right_inverse(self, weight: Tensor) -> Tensor:
        """The values of the weights that it was made of."""
        return self.values


def share_values(model: nn.Module) -> None:
    """Make the different values of every convolution's weights its parameters."""
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            parametrize.register_parametrization(layer, "weight", Codebook(layer.weight.detach()))
