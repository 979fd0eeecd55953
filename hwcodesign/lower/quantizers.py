"""Quantizers as QONNX defines them: rounding and clipping, weights as integers, activations as exact thresholds.

QONNX: q = round(clip(x / scale + zero_point, min, max)), real = (q - zero_point) * scale
(github.com/fastmachinelearning/qonnx, docs/qonnx-custom-ops). Activations are evaluated in float64 from the scales in
the file; weights in float32, as training saw them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from onnx import NodeProto, helper
from qonnx.core.modelwrapper import ModelWrapper

from hwcodesign.dataflow import IntType
from hwcodesign.lower.problems import Problems
from hwcodesign.lower.values import Value

_ROUNDINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "ROUND": np.round,  # half to even
    "FLOOR": np.floor,
    "CEIL": np.ceil,
    "ROUND_TO_ZERO": np.trunc,
}
MOST_ACTIVATION_BITS = 8


@dataclass(frozen=True)
class Quantizer:
    """A Quant or BipolarQuant node. `scale` as in the file, any shape; `low` and `high` bound the integers."""

    type: IntType
    scale: np.ndarray
    low: int
    high: int
    rounding: Callable[[np.ndarray], np.ndarray]

    def integers(self, real: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """The integers nearest to `real`, in the precision of the arguments."""
        if self.type.bipolar:
            return np.where(real >= 0, 1, -1).astype(np.int64)
        clipped = np.clip(real / scale, real.dtype.type(self.low), real.dtype.type(self.high))
        return self.rounding(clipped).astype(np.int64)


def read_quantizer(model: ModelWrapper, node: NodeProto, layer: str, problems: Problems) -> Quantizer | None:
    """The quantizer of `node`; None after noting a problem that leaves no sensible reading."""
    constants = [model.get_initializer(name) for name in node.input[1:]]
    if any(value is None for value in constants):
        problems.add(layer, "the quantizer's scale is computed at run time", "export in eval mode with a fixed scale")
        return None
    if node.op_type == "BipolarQuant":
        return Quantizer(IntType(1, signed=True), constants[0], -1, 1, np.round)
    scale, zero_point, bits = constants
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if np.any(zero_point != 0):
        problems.add(
            layer,
            f"the quantizer has the zero point {zero_point.ravel()[0]:g} (asymmetric quantization)",
            "use a symmetric quantizer: Int8ActPerTensorFloat, Uint8ActPerTensorFloat, Int8WeightPerTensorFloat, ...",
        )
    rounding = attributes.get("rounding_mode", b"ROUND").decode().upper()
    if rounding not in _ROUNDINGS:
        problems.add(layer, f"the quantizer rounds by {rounding}", f"use one of {', '.join(_ROUNDINGS)}")
    if bits.size != 1 or bits.item() != int(bits.item()):
        problems.add(layer, "the quantizer's bit width is not one whole number", "use 1 to 8 bits for the whole tensor")
        return None
    signed = bool(attributes.get("signed", 1))
    kind = IntType(int(bits.item()), signed)
    if kind.bipolar:
        problems.add(layer, "a signed quantizer of 1 bit holds {-1, 0}", "use a bipolar one (QuantType.BINARY)")
        return None
    narrow = int(attributes.get("narrow", 0))
    low, high = (kind.min + narrow, kind.max) if signed else (0, kind.max - narrow)
    return Quantizer(kind, scale, low, high, _ROUNDINGS.get(rounding, np.round))


def thresholds(value: Value, quantizer: Quantizer, scale: float) -> np.ndarray:
    """The smallest integer of `value` at which the quantizer reaches each of its levels: (C, levels - 1), int64.

    Found by bisection on the quantizer itself, so rounding of halves and clipping are what they are. `value` must
    rise with its integers. A level that is never reached has the threshold high + 1.
    """
    kind = quantizer.type
    levels = np.array([1]) if kind.bipolar else np.arange(kind.min + 1, kind.max + 1)
    shape = (value.shape[0], len(levels))
    low = np.broadcast_to(value.low[:, None], shape).copy()
    high = np.broadcast_to(value.high[:, None] + 1, shape).copy()
    while np.any(low < high):
        middle = (low + high) // 2
        reached = quantizer.integers(value.real(middle), np.array(scale)) >= levels
        high = np.where(reached, middle, high)
        low = np.where(reached, low, np.minimum(middle + 1, high))
    return low
