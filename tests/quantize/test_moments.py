"""Moments do not depend on how vectors are split into batches."""

import torch

from hwcodesign.quantize.moments import Moments


def test_batches_add_up():
    vectors = torch.randn(2, 300, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 3 + 7
    moments = Moments()
    for part in vectors.split([1, 100, 199], 1):
        moments.add(part)
    assert torch.allclose(moments.mean, vectors.mean(1))
    for group in range(2):
        assert torch.allclose(moments.covariance[group], torch.cov(vectors[group].T, correction=0))
