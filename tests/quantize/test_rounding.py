"""Weights as integers: fitted to damaged inputs, scaled by what counts, rounded so that sums stay."""

import pytest
import torch

from hwcodesign.quantize.rounding import descended, gptq, integers_for, refitted, scales_for


def inputs(count=4000, columns=24, seed=0):
    """Correlated, of different energy."""
    random = torch.Generator().manual_seed(seed)
    mix = torch.randn(columns, columns, generator=random, dtype=torch.float64)
    return torch.randn(count, columns, generator=random, dtype=torch.float64) @ mix


def filters(rows=16, columns=24):
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_gptq_keeps_sums_better_than_rounding_to_nearest(bits):
    x, w = inputs(), filters()
    covariance = x.T @ x / len(x)
    scale = scales_for(w, covariance.diagonal(), bits)
    most = 2 ** (bits - 1) - 1
    integers = gptq(w, covariance, scale, bits)
    assert torch.equal(integers, integers.round()) and integers.abs().max() <= most
    nearest = (w / scale[:, None]).round().clamp(-most, most)
    errors = [((x @ (w - q * scale[:, None]).T) ** 2).mean() for q in (integers, nearest)]
    assert errors[0] < 0.8 * errors[1]


def test_refitting_leaves_the_weights_of_a_dead_channel():
    w, nothing = filters(1, 9), torch.zeros(9, 9, dtype=torch.float64)
    assert torch.equal(refitted(w, nothing, nothing), w)


def test_refitting_makes_up_for_inputs_that_were_changed():
    x = inputs()
    w, u = filters(), x * torch.linspace(0.8, 1.2, x.shape[1], dtype=torch.float64)
    fitted = refitted(w, u.T @ u / len(u), x.T @ u / len(u))
    before, after = (((x @ w.T - u @ v.T) ** 2).mean() for v in (w, fitted))
    assert after < 0.1 * before


def test_a_filter_of_zeros_and_one_far_weight():
    w = torch.zeros(2, 6, dtype=torch.float64)
    w[1] = torch.tensor([0.1, -0.1, 0.1, 0.1, -0.1, 0.3])
    energy = torch.tensor([1.0, 1, 1, 1, 1, 1e-9], dtype=torch.float64)
    scale = scales_for(w, energy, 4)
    assert scale[0] == 1 and scale[1] < 0.3 / 7  # the far weight hardly counts
    assert torch.equal(gptq(w, torch.diag(energy), scale, 4)[0], torch.zeros(6, dtype=torch.float64))


@pytest.mark.parametrize("bits", [2, 3, 4])
def test_scales_and_integers_in_turn_leave_less_than_gptq_alone(bits):
    x, w = inputs(), filters()
    covariance, most = x.T @ x / len(x), 2 ** (bits - 1) - 1
    scale = scales_for(w, covariance.diagonal(), bits)
    alone = (gptq(w, covariance, scale, bits), scale)
    both = integers_for(w, covariance, bits)
    assert torch.equal(both[0], both[0].round()) and both[0].abs().max() <= most and (both[1] > 0).all()
    errors = [((x @ (w - q * s[:, None]).T) ** 2).mean() for q, s in (alone, both)]
    assert errors[1] < 0.9 * errors[0]


def test_descent_never_leaves_more_and_keeps_a_filter_of_zeros():
    x, w = inputs(), filters()
    w[3] = 0
    covariance = x.T @ x / len(x)
    scale = scales_for(w, covariance.diagonal(), 3)
    nearest = (w / scale[:, None]).round().clamp(-3, 3)
    integers, scales = descended(w, covariance, nearest, scale, 3)
    errors = [((x @ (w - q * s[:, None]).T) ** 2).mean(0) for q, s in ((nearest, scale), (integers, scales))]
    assert (errors[1] <= errors[0] * 1.01 + 1e-12).all() and errors[1].mean() < errors[0].mean()
    assert not integers[3].any() and scales[3] == 1
