"""What an ONNX or QONNX file computes, in float64, by ONNX's own reference evaluator: no code of this project in it.

Weights are quantized in float32 first, as training saw them; everything else is float64, so that no activation falls on
the wrong side of a rounding boundary.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

DOMAIN = "qonnx.custom_op.general"
_QONNX = ("qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general")
_ROUND = {
    "ROUND": np.rint, "HALF_EVEN": np.rint, "CEIL": np.ceil, "FLOOR": np.floor, "ROUND_TO_ZERO": np.trunc,
    "DOWN": np.trunc, "UP": lambda x: np.sign(x) * np.ceil(np.abs(x)),
    "HALF_UP": lambda x: np.sign(x) * np.floor(np.abs(x) + 0.5),
    "HALF_DOWN": lambda x: np.sign(x) * np.ceil(np.abs(x) - 0.5),
}  # fmt: skip


def run_float64(path: Path, inputs: np.ndarray) -> np.ndarray:
    """The first output, flat for each of the `inputs` (frames, ...), float64; the file is run a frame at a time."""
    model = onnx.load(str(path))
    onnx.external_data_helper.load_external_data_for_model(model, str(path.parent))
    evaluator = ReferenceEvaluator(_in_float64(model), new_ops=_OPERATORS)
    name = model.graph.input[0].name
    found = [evaluator.run(None, {name: frame[None].astype(np.float64)})[0] for frame in inputs]
    return np.stack(found).reshape(len(inputs), -1)


def _in_float64(model: Any) -> Any:
    """The model with every constant worked out in float32, and kept in float64."""
    for node in model.graph.node:
        if node.domain in _QONNX:
            node.domain = DOMAIN
    if DOMAIN not in {entry.domain for entry in model.opset_import}:
        model.opset_import.append(helper.make_opsetid(DOMAIN, 1))
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    kept = []
    for node in model.graph.node:
        if all(name in values for name in node.input if name):
            values |= zip(node.output, _constant(model, node, values), strict=True)
        else:
            kept.append(node)
            for attribute in node.attribute:
                if node.op_type == "Cast" and attribute.name == "to" and attribute.i == TensorProto.FLOAT:
                    attribute.i = TensorProto.DOUBLE
    read = {name for node in kept for name in node.input}
    wide = {n: v.astype(np.float64) if v.dtype == np.float32 else v for n, v in values.items() if n in read}
    graph = helper.make_graph(
        kept, "float64",
        [helper.make_tensor_value_info(model.graph.input[0].name, TensorProto.DOUBLE, None)],
        [helper.make_tensor_value_info(model.graph.output[0].name, TensorProto.DOUBLE, None)],
        [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in wide.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)


def _constant(model: Any, node: Any, values: dict[str, np.ndarray]) -> list[Any]:
    inputs = [numpy_helper.from_array(np.ascontiguousarray(values[name]), name) for name in node.input if name]
    outputs = [helper.make_tensor_value_info(name, TensorProto.UNDEFINED, None) for name in node.output]
    graph = helper.make_graph([node], "constant", [], outputs, inputs)
    part = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    return ReferenceEvaluator(part, new_ops=_OPERATORS).run(None, {})


class BatchNormalization(OpRun):
    """By the statistics in the file: ONNX's own, of opset 9, moves them by its momentum as if training went on."""

    op_domain = ""

    def _run(self, x: Any, *constants: Any, epsilon: float = 1e-5, **unused: Any) -> Any:
        gamma, beta, mean, variance = (part.reshape(-1, *[1] * (x.ndim - 2)) for part in constants)
        return ((x - mean) / np.sqrt(variance + epsilon) * gamma + beta,)


def _number(array: Any) -> float:
    return float(np.asarray(array).reshape(-1)[0])


class Quant(OpRun):
    """QONNX's quantizer: scale * (round(clip(x / scale + zero)) - zero)."""

    op_domain = DOMAIN

    def _run(
        self, x: Any, scale: Any, zero: Any, bits: Any, signed: int = 1, narrow: int = 0, rounding_mode: str = "ROUND"
    ) -> Any:
        top = 2.0 ** (_number(bits) - signed) - 1 - (1 if narrow and not signed else 0)
        bottom = -(2.0 ** (_number(bits) - 1)) + narrow if signed else 0.0
        wide = [array.astype(x.dtype) for array in (scale, zero)]
        levels = _ROUND[rounding_mode.upper()](np.clip(x / wide[0] + wide[1], bottom, top))
        return (((levels - wide[1]) * wide[0]).astype(x.dtype),)


class IntQuant(Quant):
    """QONNX 1.0's name of it."""


class BipolarQuant(OpRun):
    """The sign, times the scale."""

    op_domain = DOMAIN

    def _run(self, x: Any, scale: Any) -> Any:
        return (np.where(x >= 0, 1.0, -1.0).astype(x.dtype) * scale.astype(x.dtype),)


class Trunc(OpRun):
    """QONNX's truncation: a whole number of steps, divided by a power of two and rounded.

    With five inputs the last is the number of bits that are left; with six, the last two are the new scale and bits.
    """

    op_domain = DOMAIN

    def _run(
        self,
        x: Any,
        scale: Any,
        zero: Any,
        bits: Any,
        *left: Any,
        rounding_mode: str = "FLOOR",
        signed: int = 1,
        narrow: int = 0,
    ) -> Any:
        steps = np.rint(x / scale + zero)
        if len(left) == 1:
            levels = _ROUND[rounding_mode.upper()](steps / 2.0 ** (_number(bits) - _number(left[0])))
            return (((levels - zero) * scale).astype(x.dtype),)
        new_scale, new_bits = left
        shift = 2.0 ** np.rint(np.log2(new_scale / scale))
        top = 2.0 ** (_number(new_bits) - signed) - 1 - (1 if narrow and not signed else 0)
        bottom = -(2.0 ** (_number(new_bits) - 1)) + narrow if signed else 0.0
        levels = _ROUND[rounding_mode.upper()](np.clip(steps / shift, bottom, top))
        return (((levels - zero / shift) * new_scale).astype(x.dtype),)


_OPERATORS = [Quant, IntQuant, BipolarQuant, Trunc, BatchNormalization]
