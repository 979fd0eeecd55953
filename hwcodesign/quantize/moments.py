"""The mean and the covariance of many vectors that come batch by batch, so that none of them has to be kept."""

import torch
from torch import Tensor


class Moments:
    """Of what each group of a convolution reads: `mean` (groups, K) and `covariance` (groups, K, K), all float64."""

    def __init__(self) -> None:
        self._count = 0
        self._first = self._second = torch.zeros(())

    def add(self, vectors: Tensor) -> None:
        """Take in `vectors` (groups, windows, K)."""
        self._count += vectors.shape[1]
        self._first = self._first + vectors.sum(1)
        self._second = self._second + vectors.mT @ vectors

    @property
    def mean(self) -> Tensor:
        return self._first / self._count

    @property
    def covariance(self) -> Tensor:
        return self._second / self._count - self.mean[:, :, None] * self.mean[:, None, :]
