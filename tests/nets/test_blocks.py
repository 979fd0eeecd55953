"""Quantized blocks and their frozen twins: the same integers; off, they are a float network."""

import pytest
import torch

from hwcodesign.nets.blocks import (
    Activation,
    BipolarActivation,
    FrozenActivation,
    FrozenConv,
    PixelsToNumbers,
    QuantizedConv,
    activation,
    set_quantized,
)  # fmt: skip
from hwcodesign.nets.network import INPUT, Conv

CONV = Conv("conv1", INPUT, 3, 3, quantizer="q")
PIXELS = torch.randn(2, 2, 6, 6, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_frozen_weights_are_the_integers_that_are_exported(bits: int) -> None:
    torch.manual_seed(0)
    live = QuantizedConv(CONV, 2, bits).eval()
    frozen = FrozenConv(live).eval()
    most = max(1, 2 ** (bits - 1) - 1)
    assert frozen.integers.abs().max() <= most and (frozen.integers == frozen.integers.round()).all()
    assert torch.allclose(frozen(PIXELS), live(PIXELS), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("bits", [2, 4])
def test_an_activation_has_its_levels_and_nothing_below_zero(bits: int) -> None:
    live = activation(bits).eval()
    assert isinstance(live, Activation)
    live.clip_at(2.0)
    values = live(torch.linspace(-3, 3, 601)).detach()
    assert values.min() == 0 and values.max() == pytest.approx(2.0, rel=1e-5)
    assert len(values.unique()) == 2**bits
    assert torch.allclose(FrozenActivation(live)(torch.linspace(-3, 3, 601)), values)


def test_one_bit_is_the_sign() -> None:
    live = activation(1).eval()
    assert isinstance(live, BipolarActivation)
    values = torch.tensor([-2.0, -1e-3, 0.0, 3.0])
    assert live(values).sign().tolist() == [-1, -1, 1, 1] == FrozenActivation(live)(values).sign().tolist()


def test_switched_off_quantizers_leave_a_float_network() -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(QuantizedConv(CONV, 2, 2), activation(2)).eval()
    quantized = model(PIXELS)
    set_quantized(model, False)
    plain = torch.nn.functional.conv2d(PIXELS, model[0].weight)
    assert torch.allclose(model(PIXELS), model[0].norm(plain).relu(), atol=1e-6)
    assert not torch.allclose(model(PIXELS), quantized)


def test_given_integers_scales_and_biases_are_what_comes_out() -> None:
    live = QuantizedConv(CONV, 2, 4, stored_scales=True).eval()
    integers = torch.randint(-7, 8, (3, 2, 3, 3), generator=torch.Generator().manual_seed(2)).double()
    scales, bias = torch.tensor([0.5, 0.25, 2.0]).double(), torch.tensor([1.0, -1.0, 0.0]).double()
    live.set_integers(integers, scales, bias)
    frozen = FrozenConv(live)
    assert (frozen.integers == integers).all() and torch.allclose(frozen.scale.ravel(), scales.float())
    wanted = torch.nn.functional.conv2d(PIXELS.double(), integers * scales.reshape(-1, 1, 1, 1), bias)
    assert torch.allclose(live(PIXELS).double(), wanted, rtol=1e-4, atol=1e-4)


def test_pixels_are_shifted_and_scaled_by_channel() -> None:
    raw = torch.full((1, 2, 1, 1), 10.0)
    assert PixelsToNumbers((1.0, 2.0), (2.0, 4.0))(raw).ravel().tolist() == [4.5, 2.0]
    assert PixelsToNumbers(0.0, 5.0)(raw).ravel().tolist() == [2.0, 2.0]
