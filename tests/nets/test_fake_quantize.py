"""Our activation quantizer against Brevitas's: the same outputs bit for bit, the same gradients."""

import pytest
import torch
from brevitas.nn import QuantReLU
from brevitas.quant import Uint8ActPerTensorFloatMaxInit

from hwcodesign.nets import blocks
from hwcodesign.nets.fake_quantize import _first_clipped, fake_quantize

BITS = (2, 3, 4, 8)


def pair(bits: int, clip: float) -> tuple[blocks.Activation, QuantReLU]:
    """Ours, and Brevitas's own with the same scale."""
    ours = blocks.Activation(bits)
    ours.clip_at(clip)
    theirs = QuantReLU(act_quant=Uint8ActPerTensorFloatMaxInit, bit_width=bits, max_val=clip)
    return ours, theirs


def results(module, values: torch.Tensor, gradient: torch.Tensor):
    """Output, gradient of the values, gradient of the scale's parameter."""
    values = values.clone().requires_grad_()
    output = module(values)
    output.backward(gradient)
    return (
        output.detach(),
        values.grad,
        module.act_quant.fused_activation_quant_proxy.tensor_quant.scaling_impl.value.grad,
    )


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("clip", [3.0, 0.731, 1e-3, 57.25])
def test_outputs_are_bit_for_bit_those_of_brevitas(bits, clip):
    ours, theirs = pair(bits, clip)
    random = torch.Generator().manual_seed(bits)
    values = clip * 2 * torch.randn(8, 5, 7, 3, generator=random)
    assert torch.equal(ours(values), theirs(values))
    last = values.contiguous(memory_format=torch.channels_last)
    assert torch.equal(ours(last), theirs(values))


@pytest.mark.parametrize("bits", BITS)
def test_values_on_and_beside_every_rounding_boundary(bits):
    ours, theirs = pair(bits, 0.731)
    step = ours.act_quant.scale().detach()
    boundary = (torch.arange(2**bits + 1) + 0.5) * step
    up, down = torch.tensor(float("inf")), torch.tensor(-float("inf"))
    around = torch.cat([boundary, torch.nextafter(boundary, up), torch.nextafter(boundary, down), torch.zeros(1)])
    values = around.reshape(1, 1, 1, -1)
    ones = torch.ones_like(values)
    mine, brevitas = results(ours, values, ones), results(theirs, values, ones)
    assert torch.equal(mine[0], brevitas[0])
    assert torch.equal(mine[1] != 0, brevitas[1] != 0)  # the same values are clipped


@pytest.mark.parametrize("bits", BITS)
def test_gradients_are_equal_where_float32_is_exact(bits):
    """With a scale and values that are small multiples of powers of two, no sum rounds: not one bit may differ."""
    levels = 2**bits - 1
    ours, theirs = pair(bits, levels / 8)  # the scale is 1/8
    random = torch.Generator().manual_seed(bits)
    values = torch.randint(-32, 16 * levels, (4, 3, 5, 5), generator=random) / 64
    gradient = torch.randint(-4, 5, values.shape, generator=random) / 4
    for mine, brevitas in zip(results(ours, values, gradient), results(theirs, values, gradient), strict=True):
        assert torch.equal(mine, brevitas)


@pytest.mark.parametrize("bits", BITS)
def test_gradients_of_any_values_differ_by_rounding_alone(bits):
    ours, theirs = pair(bits, 1.7)
    random = torch.Generator().manual_seed(bits)
    values, gradient = torch.randn(2, 16, 8, 12, 12, generator=random)
    _, mine, my_scale = results(ours, values, gradient)
    _, brevitas, their_scale = results(theirs, values, gradient)
    assert torch.allclose(mine, brevitas, rtol=3e-7, atol=0)  # they multiply by the scale and divide by it
    assert abs(my_scale - their_scale) < 1e-5 * gradient.abs().sum()


def test_a_scale_that_is_not_learned_needs_no_gradient():
    ours, _ = pair(4, 1.0)
    for parameter in ours.parameters():
        parameter.requires_grad_(False)
    _, gradient, scale = results(ours, torch.full((1, 1, 1, 1), 0.4), torch.ones(1, 1, 1, 1))
    assert gradient.item() == 1
    assert scale is None


@pytest.mark.parametrize("scale", [0.1, 1 / 3, 7e-5, 123.4])
def test_the_first_value_that_is_clipped(scale):
    step = torch.tensor(scale)
    first = torch.tensor(_first_clipped(step, 15))
    assert torch.round(first / step) == 16
    assert torch.round(torch.nextafter(first, torch.tensor(0.0)) / step) == 15


def test_quantizers_switched_off_leave_a_float_network():
    values = torch.randn(2, 3, 6, 6)
    conv = blocks.QuantizedConv(blocks.Conv("c", "input", 4, 3, pad=1, quantizer="q"), 3, 4)
    ours, bipolar = blocks.Activation(4), blocks.BipolarActivation()
    model = torch.nn.ModuleList([conv, ours, bipolar])
    quantized = conv(values), ours(values), bipolar(values)
    blocks.set_quantized(model, False)
    plain = conv.norm(torch.nn.functional.conv2d(values, conv.weight, padding=1))
    assert torch.equal(conv(values), plain)
    assert torch.equal(ours(values), values.relu())
    assert torch.equal(bipolar(values), values.clamp(-1, 1))
    blocks.set_quantized(model, True)
    assert all(torch.equal(m(values), before) for m, before in zip(model, quantized, strict=True))


@pytest.mark.parametrize("bits", [4, 8])
def test_in_bfloat16_it_is_within_a_step_of_float32(bits):
    """A quotient is rounded to 8 bits before it is to a level; a gradient's products are added up in float32."""
    random, levels = torch.Generator().manual_seed(bits), 2**bits - 1
    values = (3 * torch.randn(16, 8, 20, 20, generator=random)).bfloat16()
    gradient = torch.randn(values.shape, generator=random).bfloat16()
    found = []
    for dtype in (torch.bfloat16, torch.float32):
        given = values.detach().to(dtype).contiguous(memory_format=torch.channels_last).requires_grad_()
        scale = torch.tensor([2.3 / levels], requires_grad=True)
        output = fake_quantize(given, scale, levels)
        output.backward(gradient.to(dtype))
        found.append((output.detach(), given.grad, scale.grad))
    (output, passed, of_scale), (exact, wanted, of_exact_scale) = found
    apart = (output - exact).abs() / float(scale.detach())
    assert apart.max() < 1.5 and (apart > 0.5).float().mean() < {4: 0.01, 8: 0.2}[bits]
    assert torch.equal(passed, wanted.bfloat16())
    assert float(of_scale) == pytest.approx(float(of_exact_scale), rel=0.02)
