"""What of an error goes with the signal weighs more, and only where there is noise does it change anything."""

import pytest
import torch

from hwcodesign.quantize.coherence import OF_SUMS, weighed
from hwcodesign.quantize.rounding import refitted
from tests.quantize.test_rounding import filters, inputs


def moments(x, u):
    return x.T @ x / len(x), x.T @ u / len(x), u.T @ u / len(x)


def parts(w, v, x, u):
    """Of the squared error of u v' in place of x w': what goes with x, and the rest."""
    passed = torch.linalg.lstsq(x, u).solution
    along, noise = x @ (w.T - passed @ v.T), (u - x @ passed) @ v.T
    return (along**2).mean(), (noise**2).mean()


@pytest.fixture(scope="module")
def noisy():
    x = inputs()
    return x, x + 2 * torch.randn(x.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def test_less_of_the_signal_is_lost_and_what_counts_is_least(noisy):
    x, u = noisy
    w, (energy, cross, covariance) = filters(), moments(x, u)
    heavier, counted = weighed(energy, cross, covariance)
    plain, fitted = refitted(w, covariance, cross), refitted(w, counted, heavier)
    (lost, noise), (still_lost, more_noise) = (parts(w, v, x, u) for v in (plain, fitted))
    assert still_lost < 0.8 * lost and noise < more_noise < 2 * noise

    def counts(v):
        along, rest = parts(w, v, x, u)
        return (1 + OF_SUMS) * along + rest

    exact = torch.linalg.solve(counted, (w @ heavier).T).T
    assert counts(exact) < counts(plain)
    for seed in range(5):
        move = torch.randn(w.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        assert counts(exact) < counts(exact + 0.01 * move)


def test_without_noise_weights_stay():
    x, w = inputs(), filters()
    heavier, counted = weighed(*moments(x, x))
    assert torch.allclose(refitted(w, counted, heavier), w)


def test_inputs_that_never_change():
    nothing = torch.zeros(9, 9, dtype=torch.float64)
    assert not any(part.any() for part in weighed(nothing, nothing, nothing))
