"""What a graph computes from constants alone, worked out; quantized weights stay integers and a scale on the way."""

from collections.abc import Sequence

import numpy as np
from onnx.reference import ReferenceEvaluator

from hwcodesign.lower.file_network import Node
from hwcodesign.lower.layout import LAYOUTS, moved
from hwcodesign.lower.quantizers import Grid
from hwcodesign.lower.values import Constant


def fold(node: Node, inputs: Sequence[Constant | None], opset: int) -> Constant:
    """The result of an operator of ONNX's own on constants, with the precision that the file has.

    Raises whatever ONNX's reference implementation raises for inputs that it does not take.
    """
    first = inputs[0] if inputs else None
    if first is not None and first.integers is not None and first.scale is not None:
        if node.operator in LAYOUTS and (node.operator != "Cast" or _keeps(node, inputs, first.real, opset)):
            others = [None if other is None else other.real for other in inputs[1:]]
            parts = (moved(node, array, others) for array in (first.real, first.integers, first.scale))
            real, integers, scale = parts
            return Constant(real, integers, scale, first.bipolar)
        second = inputs[1] if len(inputs) > 1 else None
        if node.operator in ("Mul", "Div") and second is not None and second.integers is None:
            scale = first.scale * second.exact if node.operator == "Mul" else first.scale / second.exact
            if scale.shape == first.integers.shape:
                return Constant(_evaluated(node, inputs, opset), first.integers, scale, first.bipolar)
    return Constant(_evaluated(node, inputs, opset))


def _keeps(node: Node, inputs: Sequence[Constant | None], real: np.ndarray, opset: int) -> bool:
    return np.array_equal(_evaluated(node, inputs, opset).astype(real.dtype), real)


def _evaluated(node: Node, inputs: Sequence[Constant | None], opset: int) -> np.ndarray:
    session = ReferenceEvaluator(node.proto, opsets={"": opset})
    feeds = {name: value.real for name, value in zip(node.inputs, inputs, strict=True) if value is not None}
    return np.asarray(session.run(None, feeds)[0])


def quantized(real: np.ndarray, grid: Grid) -> Constant:
    """Constants through a quantizer, in float32, as training saw them."""
    scale, zero = (np.broadcast_to(part.astype(np.float32), real.shape) for part in (grid.scale, grid.zero))
    codes = grid.integers(real.astype(np.float32), scale, zero) - np.rint(zero).astype(np.int64)
    wide = scale.astype(np.float64)
    return Constant((codes * wide).astype(np.float32), codes, wide, grid.type.bipolar)
