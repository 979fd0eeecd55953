"""The quantizers of each dialect, read from their nodes: QONNX's, ONNX's pair, FINN's thresholds."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from onnx import TensorProto, helper

from hwcodesign.dataflow import IntType
from hwcodesign.lower.activations import clean, few_bits
from hwcodesign.lower.arithmetic import per_channel
from hwcodesign.lower.constant_folding import quantized
from hwcodesign.lower.file_network import Node
from hwcodesign.lower.quantizers import ROUNDINGS, Grid, Quantizer, grid_of
from hwcodesign.lower.sums import quantize
from hwcodesign.lower.values import Affine, Constant, Unknown, Value, places, snapped
from hwcodesign.lower.walk import Tensor, Walk


def qonnx_quantizer(walk: Walk, node: Node, first: Tensor | None, *parameters: Tensor | None) -> Tensor | None:
    """Quant, IntQuant and BipolarQuant, of constants (weights, biases) or of a feature map."""
    grid = _grid(walk, node, parameters)
    if grid is None or first is None:
        return None
    if isinstance(first, Constant):
        return _of_constant(walk, node, first, grid)
    return _of_map(walk, node, first, grid)


def linear_quantizer(walk: Walk, node: Node, first: Tensor | None, *parameters: Tensor | None) -> Tensor | None:
    """QuantizeLinear: its result are the integers themselves."""
    constants = _constants(walk, node, parameters)
    if constants is None or first is None:
        return None
    scale, *zeros = constants
    wanted = int(node.attributes.get("output_dtype", 0)) or TensorProto.UINT8  # since opset 21
    zero = zeros[0] if zeros else np.zeros(1, dtype=helper.tensor_dtype_to_np_dtype(wanted))
    of_integers = re.fullmatch(r"(u?)int(\d+)", str(zero.dtype))
    if of_integers is None:
        walk.note(node, f"it quantizes to {zero.dtype}", "quantize to int8 or uint8")
        return None
    int_type = IntType(int(of_integers[2]), not of_integers[1])
    shape = first.real.shape if isinstance(first, Constant) else _shape_of(first)
    scale, zero = (_along(node, part.astype(np.float64), shape or ()) for part in (scale, zero))
    grid = Grid(int_type, int_type.min, int_type.max, scale, zero, np.round, rounds_first=True)
    if isinstance(first, Constant):
        made = quantized(first.real, grid)
        assert made.integers is not None
        codes = made.integers + np.broadcast_to(np.rint(zero).astype(np.int64), made.integers.shape)
        return Constant(codes.astype(np.float32), codes, np.ones(codes.shape))
    return _of_map(walk, node, first, grid, itself=True)


def dequantizer(walk: Walk, node: Node, first: Tensor | None, *parameters: Tensor | None) -> Tensor | None:
    """DequantizeLinear: (x - zero point) * scale, of integers that a quantizer made, or of constants."""
    constants = _constants(walk, node, parameters)
    if constants is None or first is None:
        return None
    shape = first.real.shape if isinstance(first, Constant) else _shape_of(first)
    parts = [_along(node, part.astype(np.float64), shape or ()) for part in constants]
    scale, zero = parts[0], parts[1] if len(parts) > 1 else np.zeros(1)
    if isinstance(first, Constant):
        integers = np.rint(first.real.astype(np.float64)).astype(np.int64) - np.rint(zero).astype(np.int64)
        wide = np.broadcast_to(scale, integers.shape)
        return Constant((integers * wide).astype(np.float32), integers, wide)
    if isinstance(first, Unknown):
        return first
    numbers = [per_channel(first, part) for part in (scale, zero)]
    if numbers[0] is None or numbers[1] is None:
        walk.note(node, f"its scale has the shape {constants[0].shape}", "use one per tensor or per channel")
        return None
    ones, zeros = np.ones(first.shape[0]), np.zeros(first.shape[0])
    shift, factor = Affine(ones, -numbers[1]), Affine(numbers[0], zeros)
    return _filled(walk, node, first, shift.then(factor), first.followed_by(shift).followed_by(factor))


def _filled(walk: Walk, node: Node, first: Value, function: Callable[[np.ndarray], np.ndarray], found: Value) -> Value:
    """`found`, made of `first` by the `function` (C, n) -> (C, n), also of what was padded around that."""
    if not first.padded:
        return found
    fill = function(np.full((first.shape[0], 1), first.fill))
    if np.any(fill != fill[0]):
        cause = f"its input was padded with {first.fill:g} before it, of which it makes other numbers in other channels"
        walk.note(node, cause, "give the padding to the convolution (padding=...)")
    return replace(found, fill=float(fill[0, 0]))


def _along(node: Node, part: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """One number per element, or (opset 21) per block of an axis of a tensor of `shape`, made to broadcast."""
    rank = len(shape)
    if part.size == 1 or not rank:
        return part.reshape(()) if part.size == 1 else part
    axis = int(node.attributes.get("axis", 1)) % rank
    if block := int(node.attributes.get("block_size", 0)):
        return np.take(np.repeat(part, block, axis), range(shape[axis]), axis)
    return part.reshape([-1 if at == axis else 1 for at in range(rank)])


def truncation(walk: Walk, node: Node, first: Tensor | None, *parameters: Tensor | None) -> Tensor | None:
    """Trunc, in both of QONNX's versions: the integers of a mean or sum without their lowest bits."""
    constants = _constants(walk, node, parameters)
    if constants is None or not isinstance(first, Value):
        return first if isinstance(first, Unknown) else None
    numbers = [per_channel(first, constant) for constant in constants]
    if any(number is None for number in numbers):
        walk.note(node, "its scale differs from pixel to pixel", "use one per tensor or per channel")
        return None
    scale, zero, in_bits = (number for number in numbers[:3] if number is not None)
    rounding = ROUNDINGS[_rounding(node, "FLOOR")]
    bits, signed = int(constants[-1].item()), bool(node.attributes.get("signed", 1))
    if len(constants) == 4:  # version 1: the low bits go, whatever is above stays
        shift, out_scale = 2.0 ** (in_bits - constants[3].item()), scale
        low, high = _reach(
            first, lambda real: rounding(np.round(snapped(real / scale[:, None]) + zero[:, None]) / shift[:, None])
        )
    else:
        out_scale = np.asarray(numbers[3])
        shift = 2.0 ** np.round(np.log2(out_scale / scale))
        narrow = bool(node.attributes.get("narrow", 0))
        int_type = IntType(bits, signed)
        low, high = (int_type.min + narrow, int_type.max) if signed else (0, int_type.max - narrow)

    def codes(real: np.ndarray) -> np.ndarray:
        y = np.round(snapped(real / scale[:, None]) + zero[:, None]) / shift[:, None]
        found: np.ndarray = rounding(np.clip(y, low, high)).astype(np.int64)
        return found

    line = Affine(out_scale, -out_scale * (zero if len(constants) == 4 else zero / shift))
    int_type = IntType.holding(low, high) if len(constants) == 4 else IntType(bits, signed)
    return _quantized(walk, node, first, Quantizer(int_type, low, high, codes, np.sign(scale).astype(np.int64), line))


def _quantized(walk: Walk, node: Node, first: Value, quantizer: Quantizer) -> Value | None:
    """The quantized tensor, and what was padded around it; None after noting why it cannot be."""
    found = quantize(walk, node, first, quantizer)
    if found is None:
        return None
    return _filled(walk, node, first, lambda real: quantizer.line(quantizer.codes(real)), found)


def _reach(value: Value, function: Callable[[np.ndarray], np.ndarray]) -> tuple[int, int]:
    ends = function(value.real(np.stack([value.low, value.high], axis=1)))
    return int(ends.min()), int(ends.max())


def multi_threshold(walk: Walk, node: Node, first: Tensor | None, *parameters: Tensor | None) -> Tensor | None:
    """FINN's MultiThreshold: how many thresholds a number reaches, times `out_scale`, plus `out_bias`."""
    constants = _constants(walk, node, parameters)
    if constants is None or not isinstance(first, Value):
        return first if isinstance(first, Unknown) else None
    steps = np.sort(constants[0].astype(np.float64), axis=1)
    last = str(node.attributes.get("data_layout", "NCHW")).endswith("C") and first.place.ndim > 2
    rows = np.arange(len(steps)).reshape(-1, *(1 for _ in first.place.shape[2:]) if not last else ())
    row = per_channel(first, rows)
    if row is None:
        cause = f"it has thresholds for {len(steps)} channels of a tensor of {first.place.shape}"
        walk.note(node, cause, "give it one row for all, or one per channel")
        return None
    steps = steps[row.astype(int)]
    scale, bias = float(node.attributes.get("out_scale", 1.0)), float(node.attributes.get("out_bias", 0.0))
    start = round(bias / scale) if bias == round(bias / scale) * scale else 0
    count = steps.shape[1]
    int_type = IntType.holding(start, start + count)

    def codes(real: np.ndarray) -> np.ndarray:
        found = [np.searchsorted(row, numbers, side="right") for row, numbers in zip(steps, snapped(real), strict=True)]
        return np.array(found, dtype=np.int64) + start

    channels = first.shape[0]
    line = Affine(np.full(channels, scale), np.full(channels, bias - start * scale))
    return _quantized(
        walk, node, first, Quantizer(int_type, start, start + count, codes, np.ones(channels, np.int64), line)
    )


def _constants(walk: Walk, node: Node, parameters: Sequence[Tensor | None]) -> list[np.ndarray] | None:
    found = [parameter.real for parameter in parameters if isinstance(parameter, Constant)]
    if len(found) < sum(parameter is not None for parameter in parameters) or not found:
        cause = "the quantizer's scale is computed at run time"
        walk.note(node, cause, "export in eval mode with a fixed scale")
        return None
    return found


def _rounding(node: Node, default: str) -> str:
    return str(node.attributes.get("rounding_mode", default)).upper()


def _grid(walk: Walk, node: Node, parameters: Sequence[Tensor | None]) -> Grid | None:
    """The numbers of a quantizer; None after noting a problem that leaves no sensible reading."""
    constants = _constants(walk, node, parameters)
    if constants is None:
        return None
    if node.operator == "BipolarQuant":
        return Grid(IntType(1, signed=True), -1, 1, constants[0], np.zeros(1, np.float32), np.round)
    scale, zero, bits = constants
    if _rounding(node, "ROUND") not in ROUNDINGS:
        cause = f"the quantizer rounds by {_rounding(node, 'ROUND')}"
        walk.note(node, cause, f"use one of {', '.join(ROUNDINGS)}")
        return None
    if len(np.unique(bits)) != 1 or bits.ravel()[0] != int(bits.ravel()[0]) or bits.ravel()[0] < 1:
        walk.note(node, "the quantizer's bit width is not one whole number", "use 1 to 8 bits for the whole tensor")
        return None
    if np.any(zero != np.rint(zero)):
        walk.note(node, f"the quantizer's zero point {zero.ravel()[0]:g} is no integer", "use a whole zero point")
        return None
    attributes = node.attributes
    return grid_of(
        int(bits.ravel()[0]), bool(attributes.get("signed", 1)), bool(attributes.get("narrow", 0)), scale, zero,
        _rounding(node, "ROUND"),
    )  # fmt: skip


def _of_constant(walk: Walk, node: Node, first: Constant, grid: Grid) -> Constant | None:
    try:
        return quantized(first.real, grid)
    except ValueError:
        cause = f"the scale of its weights has the shape {grid.scale.shape}, the weights {first.real.shape}"
        walk.note(node, cause, "use one scale per tensor or per filter")
        return None


def _shape_of(tensor: Value | Unknown) -> tuple[int, ...] | None:
    return tensor.place.shape if isinstance(tensor, Value) else tensor.shape


def _of_map(walk: Walk, node: Node, first: Value | Unknown, grid: Grid, itself: bool = False) -> Value | Unknown | None:
    """A quantized feature map; its real numbers are the integers `itself` of ONNX's QuantizeLinear."""
    value = first if isinstance(first, Value) else _any_map(first, grid)
    if value is None:
        return first
    scale, zero = (per_channel(value, part) for part in (grid.scale, grid.zero))
    if scale is None or zero is None:
        cause = f"its activation's scale has the shape {grid.scale.shape} for a tensor of {value.place.shape}"
        walk.note(node, cause, "use one scale per tensor (scaling_per_output_channel=False)")
        return None
    quantizer = grid.quantizer(scale, zero)
    if itself:
        quantizer = replace(quantizer, line=Affine(np.ones_like(scale), np.zeros_like(scale)))
    if not isinstance(first, Value):
        few_bits(walk, node, quantizer)
        return clean(value, grid.type, quantizer.line)
    found = _quantized(walk, node, first, quantizer)
    return clean(value, grid.type, quantizer.line) if found is None else found


def _any_map(tensor: Unknown, grid: Grid) -> Value | None:
    """A feature map of the shape that the lost tensor has."""
    if tensor.shape is None or len(tensor.shape) not in (2, 3, 4) or min(tensor.shape) < 1 or tensor.shape[0] != 1:
        return None
    _, channels, *sides = tensor.shape
    height, width = (1, 1, *sides)[-2:]
    shape = (channels, height, width)
    none = np.zeros(channels, dtype=np.int64)
    line = Affine(np.ones(channels), np.zeros(channels))
    return Value("", shape, grid.type, none, none, (line,), places(shape, *tensor.shape), known=False)
