"""Reads a QONNX file: one clear error for anything else, and constants folded so that only the data path is left."""

from pathlib import Path

import numpy as np
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.base import Transformation
from qonnx.transformation.change_batchsize import ChangeBatchSize
from qonnx.transformation.fold_constants import FoldConstants
from qonnx.transformation.general import GiveUniqueParameterTensors, RemoveStaticGraphInputs, RemoveUnusedTensors
from qonnx.transformation.infer_shapes import InferShapes
from qonnx.transformation.quant_constant_folding import FoldTransposeIntoQuantInit

from hwcodesign.core.errors import UserError
from hwcodesign.core.onnx_file import load_model
from hwcodesign.core.onnx_numbers import require_numbers
from hwcodesign.lower.connected import require_one_part, require_one_way

QUANTIZERS = ("Quant", "BipolarQuant")
_EXPORT_HINT = "export it with brevitas.export.export_qonnx"


def read_qonnx(path: Path) -> ModelWrapper:
    """The model with batch 1, inferred shapes and folded constants; nodes keep the names they have in the file.

    Raises UserError if `load_model` does not take the file, if it has no quantizers or is QCDQ, and if its graph has a
    circle or falls into parts.
    """
    model = ModelWrapper(load_model(path))
    _require_quantizers(model, path)
    _require_one_frame(model, path)
    require_one_way(model.graph, path)
    require_one_part(model.graph, path)
    for node in model.graph.node:
        if node.op_type in (*QUANTIZERS, "Trunc"):
            node.domain = "qonnx.custom_op.general"
    try:
        model = _folded(model)
    except Exception as error:  # whatever a foreign graph provokes in shape inference, it is a bad graph
        raise UserError(f"{path}: the shapes of this graph cannot be worked out: {error}") from error
    require_numbers(model.graph, path)
    return model


def _require_quantizers(model: ModelWrapper, path: Path) -> None:
    kinds = {node.op_type for node in model.graph.node}
    if kinds & set(QUANTIZERS):
        return
    if kinds & {"QuantizeLinear", "DequantizeLinear"}:
        raise UserError(
            f"{path} is QCDQ (QuantizeLinear, DequantizeLinear), not QONNX (Quant, BipolarQuant); {_EXPORT_HINT}"
        )
    raise UserError(
        f"{path} has no quantizers (Quant, BipolarQuant): its arithmetic is in floating point; "
        f"train it with Brevitas layers and {_EXPORT_HINT}"
    )


def _require_one_frame(model: ModelWrapper, path: Path) -> None:
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [tensor.name for tensor in model.graph.input if tensor.name not in constants]
    outputs = [tensor.name for tensor in model.graph.output]
    if len(inputs) != 1 or len(outputs) != 1:
        raise UserError(f"{path}: one input and one output are allowed, not {inputs} and {outputs}")
    shape = model.get_tensor_shape(inputs[0])
    if shape is None or len(shape) not in (2, 4) or min(shape[1:]) < 1:
        raise UserError(
            f"{path}: the input {inputs[0]} has shape {shape}; allowed: fixed (1, channels, height, width) "
            "or (1, features)"
        )


def _folded(model: ModelWrapper) -> ModelWrapper:
    if model.get_tensor_shape(model.graph.input[0].name)[0] != 1:
        model = _apply(model, ChangeBatchSize(1))
    del model.graph.value_info[:]
    model = _apply(model, RemoveStaticGraphInputs(), InferShapes())
    constants = FoldConstants(exclude_op_types=[*QUANTIZERS])
    while _fold_shape_queries(model):
        model = _apply(model, constants, InferShapes())
    return _apply(
        model, GiveUniqueParameterTensors(), constants, FoldTransposeIntoQuantInit(), RemoveUnusedTensors(),
        InferShapes(),
    )  # fmt: skip


def _apply(model: ModelWrapper, *steps: Transformation) -> ModelWrapper:
    """Without QONNX's own clean-up, which would sort the nodes out of the order that they run in."""
    for step in steps:
        model = model.transform(step, make_deepcopy=False, cleanup=False)
    return model


def _fold_shape_queries(model: ModelWrapper) -> bool:
    """`x.view(x.shape[0], -1)` leaves a Shape node behind, whose answer is known."""
    found = [node for node in model.graph.node if node.op_type == "Shape"]
    for node in found:
        model.set_initializer(node.output[0], np.array(model.get_tensor_shape(node.input[0]), dtype=np.int64))
        model.graph.node.remove(node)
    return bool(found)
