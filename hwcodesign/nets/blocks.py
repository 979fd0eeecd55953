"""The quantized blocks that every network is built from, each known to compile to hardware, and their frozen twins.

All of them obey one rule: a value is an integer times one positive scale. Weights are signed and symmetric (narrow
range), activations behind ReLU unsigned; with 1 bit both are bipolar {-1, +1}. Nothing has a zero point.
"""

import torch
from brevitas.inject.enum import ScalingImplType
from brevitas.nn import QuantConv2d, QuantIdentity, QuantReLU
from brevitas.quant import (
    Int8ActPerTensorFloatMinMaxInit,
    Int8WeightPerChannelFloat,
    Int8WeightPerTensorFloat,
    SignedBinaryActPerTensorConst,
    SignedBinaryWeightPerTensorConst,
    Uint8ActPerTensorFloatMaxInit,
)
from torch import Tensor, nn

from hwcodesign.core.windows import both
from hwcodesign.nets.fake_quantize import fake_quantize
from hwcodesign.nets.network import Channels, Conv, Level, Moving, Node, PixelShuffle, Quantizing, Upsample

# A power of two: ONNX stores epsilon in 32 bits, and this one survives that unchanged.
NORM_EPSILON = 2.0**-16
# Where 4-bit quantizers start to clip, in standard deviations of what batch norm gives; training moves it.
FIRST_CLIP = 3.0


class PixelsToNumbers(nn.Module):
    """(raw - mean) / divisor, numbers that are part of the model, exactly as they are stored in float32."""

    def __init__(self, mean: Level, divisor: Level) -> None:
        super().__init__()
        self.register_buffer("mean", _by_channel(mean) if mean else None)
        self.register_buffer("divisor", _by_channel(divisor))

    def forward(self, raw: Tensor) -> Tensor:
        shifted = raw if self.mean is None else raw - self.mean
        return shifted / self.divisor


def _by_channel(value: Level) -> Tensor:
    numbers = torch.tensor(value)
    return numbers.reshape(-1, 1, 1) if numbers.ndim else numbers


class QuantizedConv(QuantConv2d):
    """Convolution with quantized weights and, where a quantizer follows, batch norm (both fold into thresholds).

    Raw scores have neither batch norm nor scales per channel: they would differ in scale from class to class. With
    stored scales they have a bias, which is never quantized: the host, or the choice of a class, adds it.
    With `quantized` off it is the float convolution that training starts from. `stored_scales`: see Quantization.
    """

    quantized = True

    def __init__(self, conv: Conv, channels: int, bits: int, stored_scales: bool = False) -> None:
        scores = conv.quantizer is None
        integer = Int8WeightPerTensorFloat if scores else Int8WeightPerChannelFloat
        stored = {"weight_scaling_impl_type": ScalingImplType.PARAMETER_FROM_STATS} if stored_scales else {}
        super().__init__(
            channels, conv.filters, conv.kernel, stride=conv.stride, padding=conv.pad, dilation=conv.dilation,
            groups=conv.groups, bias=scores and stored_scales,
            **({"weight_quant": SignedBinaryWeightPerTensorConst} if bits == 1
               else {"weight_quant": integer, "weight_bit_width": bits, **stored}),
        )  # fmt: skip
        self.bits = bits
        self.norm = None if scores else nn.BatchNorm2d(conv.filters, eps=NORM_EPSILON)

    def set_integers(self, integers: Tensor, scales: Tensor, bias: Tensor) -> None:
        """Weights `integers` (O, C, height, width) times `scales` (O,), and `bias` (O,), for one with stored scales.

        The batch norm is left without any effect but the bias. The scales of raw scores are all the same.
        """
        scaling = self.weight_quant.tensor_quant.scaling_impl
        scaling.init_done = True  # else the first use would set it from the weights
        with torch.no_grad():
            by_filter = scales.reshape(-1, 1, 1, 1)
            self.weight.copy_(integers * by_filter)
            highest = by_filter * (2 ** (self.bits - 1) - 1)
            if self.norm is None:
                scaling.value.copy_(highest[0].reshape(scaling.value.shape))
                self.bias.copy_(bias)
                return
            scaling.value.copy_(highest.reshape(scaling.value.shape))
            self.norm.reset_running_stats()
            self.norm.running_var.fill_(1 - NORM_EPSILON)
            self.norm.weight.fill_(1.0)
            self.norm.bias.copy_(bias)

    def forward(self, values: Tensor) -> Tensor:
        if self.quantized:
            sums = super().forward(values)
        else:
            places = self.stride, self.padding, self.dilation, self.groups
            sums = nn.functional.conv2d(values, self.weight, self.bias, *places)
        return sums if self.norm is None else self.norm(sums)


class Activation(QuantReLU):
    """ReLU and an unsigned quantizer whose scale is learned. With `quantized` off: ReLU."""

    quantized = True

    def __init__(self, bits: int) -> None:
        super().__init__(act_quant=Uint8ActPerTensorFloatMaxInit, bit_width=bits, max_val=FIRST_CLIP)
        self.levels = 2**bits - 1

    def forward(self, values: Tensor) -> Tensor:
        if not self.quantized:
            return nn.functional.relu(values)
        if self.act_quant.export_mode:
            return super().forward(values)
        # Brevitas's own modules say what the scale is; its quantizer is replaced by one that computes the same faster.
        quantizer = self.act_quant.fused_activation_quant_proxy.tensor_quant
        bits = quantizer.msb_clamp_bit_width_impl()
        return fake_quantize(values, quantizer.scaling_impl(values, quantizer.int_scaling_impl(bits)), self.levels)

    def clip_at(self, value: float) -> None:
        """Make `value` the one that the highest level stands for."""
        with torch.no_grad():
            self.act_quant.fused_activation_quant_proxy.tensor_quant.scaling_impl.value.fill_(value)


class SignedActivation(QuantIdentity):
    """A signed quantizer whose scale is learned. With `quantized` off: nothing."""

    quantized = True

    def __init__(self, bits: int) -> None:
        super().__init__(
            act_quant=Int8ActPerTensorFloatMinMaxInit, bit_width=bits, min_val=-FIRST_CLIP, max_val=FIRST_CLIP
        )
        self.levels = 2 ** (bits - 1) - 1

    def forward(self, values: Tensor) -> Tensor:
        return super().forward(values) if self.quantized else values

    def clip_at(self, value: float) -> None:
        """Make `value` the one that the highest level stands for; the lowest is one further from 0."""
        with torch.no_grad():
            scaling = self.act_quant.fused_activation_quant_proxy.tensor_quant.scaling_impl
            scaling.value.fill_(value * (self.levels + 1) / self.levels)


class BipolarActivation(QuantIdentity):
    """The sign alone, {-1, +1}. With `quantized` off: the line that its gradient is taken from."""

    quantized = True

    def __init__(self) -> None:
        super().__init__(act_quant=SignedBinaryActPerTensorConst)

    def forward(self, values: Tensor) -> Tensor:
        return super().forward(values) if self.quantized else nn.functional.hardtanh(values)


def activation(bits: int, signed: bool = False) -> nn.Module:
    """What follows a convolution or an add: `Activation`, or `SignedActivation`; with 1 bit `BipolarActivation`."""
    if bits == 1:
        return BipolarActivation()
    return SignedActivation(bits) if signed else Activation(bits)


def set_quantized(model: nn.Module, on: bool) -> None:
    """Switch every quantizer of `model` on or off; off, it is a float network with batch norm."""
    for module in model.modules():
        if isinstance(module, QuantizedConv | Activation | SignedActivation | BipolarActivation):
            module.quantized = on


class FloatConv(nn.Conv2d):
    """Convolution with bias, as the dissertation counts it; ReLU is a module of its own."""

    def __init__(self, conv: Conv, channels: int) -> None:
        super().__init__(channels, conv.filters, conv.kernel, conv.stride, conv.pad, conv.dilation, conv.groups)


def leaked(node: Node, values: Tensor) -> Tensor:
    """What `node` gives, behind its ReLU if that leaks; the slope is the float32 that ONNX stores."""
    leak = node.leak if isinstance(node, Quantizing) else 0.0
    return nn.functional.leaky_relu(values, float(torch.tensor(leak))) if leak else values


class Concat(nn.Module):
    """Channels side by side."""

    def forward(self, *values: Tensor) -> Tensor:
        return torch.cat(values, dim=1)


class Moved(nn.Module):
    """What a node that computes nothing does."""

    def __init__(self, node: Moving) -> None:
        super().__init__()
        self._node = node

    def forward(self, value: Tensor) -> Tensor:
        return moved(self._node, value)


def moved(node: Moving, value: Tensor) -> Tensor:
    """`value` (frames, channels, height, width) through a node that computes nothing."""
    match node:
        case Upsample():
            factors = [float(factor) for factor in both(node.factor)]
            return nn.functional.interpolate(value, scale_factor=factors, mode="nearest")
        case Channels():
            return value.index_select(1, torch.tensor(node.picked, device=value.device))
        case PixelShuffle():
            return nn.functional.pixel_shuffle(value, node.factor)
    raise NotImplementedError(f"{node.name} moves in a way that PyTorch was not told")


class Add(nn.Module):
    """Element-wise sum."""

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return left + right


class FrozenConv(nn.Module):
    """A QuantizedConv whose weights are quantized for good, once, in float32 as they are exported: integers x scale.

    In float32 Brevitas rounds that product once more; the integers and the scale are what hardware is made from.
    """

    def __init__(self, live: QuantizedConv) -> None:
        super().__init__()
        weight = live.quant_weight()
        self.register_buffer("integers", torch.round(weight.value / weight.scale).detach())
        self.register_buffer("scale", weight.scale.detach().reshape(1, -1, 1, 1))
        self.places, self.norm = (live.stride, live.padding, live.dilation, live.groups), live.norm
        self.register_buffer("bias", None if live.bias is None else live.bias.detach().reshape(1, -1, 1, 1))

    def forward(self, values: Tensor) -> Tensor:
        sums = nn.functional.conv2d(values, self.integers, None, *self.places)
        sums = sums * self.scale
        if self.bias is not None:
            sums = sums + self.bias
        return sums if self.norm is None else self.norm(sums)


class FrozenActivation(nn.Module):
    """An activation quantizer with its float32 scale fixed: round half to even, clip to the integer range."""

    def __init__(self, live: QuantReLU | QuantIdentity) -> None:
        super().__init__()
        self.bits = int(live.act_quant.bit_width())
        self.bipolar = isinstance(live, BipolarActivation)
        top = 2 ** (self.bits - 1) if isinstance(live, SignedActivation) else 0
        self.low, self.high = -top, 2**self.bits - 1 - top
        self.register_buffer("scale", live.act_quant.scale().detach())

    def forward(self, values: Tensor) -> Tensor:
        if self.bipolar:
            return torch.where(values >= 0, self.scale, -self.scale)
        return torch.clamp(torch.round(values / self.scale), self.low, self.high) * self.scale
