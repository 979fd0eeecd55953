"""FINN's hardware layers for a canonical graph, compared node for node with ours.

FINN reads its folders from the environment when it is imported: import this module only inside `finn_environment`
(hwcodesign/lower/environment.py).
"""

import logging
from collections.abc import Iterator

import numpy as np
from finn.transformation.fpgadataflow.convert_to_hw.concat import InferConcatLayer
from finn.transformation.fpgadataflow.convert_to_hw.conv_inp_gen import InferConvInpGen
from finn.transformation.fpgadataflow.convert_to_hw.duplicate_streams import InferDuplicateStreamsLayer
from finn.transformation.fpgadataflow.convert_to_hw.elementwise_binary_operation import (
    InferElementwiseBinaryOperation,
)
from finn.transformation.fpgadataflow.convert_to_hw.label_select import InferLabelSelectLayer
from finn.transformation.fpgadataflow.convert_to_hw.pool import InferPool
from finn.transformation.fpgadataflow.convert_to_hw.quantized_matrix_vector_activation import (
    InferQuantizedMatrixVectorActivation,
)
from finn.transformation.fpgadataflow.convert_to_hw.thresholding import InferThresholdingLayer
from finn.transformation.fpgadataflow.convert_to_hw.vector_vector_activation import InferVectorVectorActivation
from finn.transformation.fpgadataflow.minimize_weight_bit_width import MinimizeWeightBitWidth
from onnx import NodeProto
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.transformation.base import Transformation
from qonnx.transformation.general import GiveUniqueNodeNames, RemoveUnusedTensors, SortGraph
from qonnx.transformation.infer_datatypes import InferDataTypes

from hwcodesign.dataflow import Dataflow, IntType, Layer
from hwcodesign.kinds import kind_of
from hwcodesign.lower.canonical import finn_type

HARDWARE_DOMAIN = "finn.custom_op.fpgadataflow"
_SUM = "ElementwiseAdd"


class DifferenceError(AssertionError):
    """FINN has made another layer of an operation than we have."""


logging.getLogger("finn_logger").setLevel(logging.ERROR)


def to_hardware(model: ModelWrapper, ours: Dataflow) -> ModelWrapper:
    """FINN's hardware layers in place of the nodes of a canonical `model`; what FINN has no layer for stays as it is.

    Nodes get the names of our layers as their doc strings. Every layer of FINN's has been compared with ours.
    """
    steps: list[Transformation] = [
        InferVectorVectorActivation(), InferQuantizedMatrixVectorActivation(), InferThresholdingLayer(), InferPool(),
        InferConvInpGen(),
        InferConcatLayer(), InferLabelSelectLayer(), InferDuplicateStreamsLayer(),
    ]  # fmt: skip
    if any(_SUM in kind_of(layer.kind).finn_operators for layer in ours.layers):
        steps.insert(6, InferElementwiseBinaryOperation())
    model = _apply(model, *steps, MinimizeWeightBitWidth(), SortGraph())
    _hold_zeros(model, ours)
    model = _apply(_typed(_with_narrow_sums(_typed(model, ours), ours), ours), GiveUniqueNodeNames())
    for node, layer in _pairs(model, ours):
        node.doc_string = layer.name
        _require_equal(model, node, layer)
    for node in model.get_nodes_by_op_type("DuplicateStreams"):
        node.doc_string = f"{node.input[0]}.fork"
    _name_tensors(model)
    return _apply(model, RemoveUnusedTensors())


def _name_tensors(model: ModelWrapper) -> None:
    """FINN's new tensors have random names: call them by our layers."""
    names = {}
    for node in model.graph.node:
        for port, name in enumerate(node.output if node.doc_string else ()):
            names[name] = f"{node.doc_string}.{port}" if len(node.output) > 1 else node.doc_string
    names = {old: new for old, new in names.items() if old not in (new, model.graph.output[0].name)}
    for node in model.graph.node:
        for side in (node.input, node.output):
            side[:] = [names.get(name, name) for name in side]
    for tensor in model.graph.value_info:
        tensor.name = names.get(tensor.name, tensor.name)
    for note in model.graph.quantization_annotation:
        note.tensor_name = names.get(note.tensor_name, note.tensor_name)


def _apply(model: ModelWrapper, *steps: Transformation) -> ModelWrapper:
    for step in steps:
        model = model.transform(step, make_deepcopy=False, cleanup=False)
    return model


def _hold_zeros(model: ModelWrapper, ours: Dataflow) -> None:
    """FINN takes weights of -1 and 0, and of -1 alone, for bipolar ones, which have no 0: those get our type."""
    for node, layer in _pairs(model, ours):
        wanted = str(layer.attributes.get("weight_type", "")).upper()
        if "weights" in layer.tensors and getCustomOp(node).get_nodeattr("weightDataType") == "BIPOLAR" != wanted:
            model.set_tensor_datatype(node.input[1], DataType[wanted])
            getCustomOp(node).set_nodeattr("weightDataType", wanted)


def _typed(model: ModelWrapper, ours: Dataflow) -> ModelWrapper:
    """A sorted model with all types inferred anew.

    QONNX takes 32 bits for what FINN has no layer for (windows' sums): this has our type, and so all that reads it.
    """
    model = _apply(model, InferDataTypes())
    for node in model.graph.node:
        if node.domain == HARDWARE_DOMAIN:
            getCustomOp(node).infer_node_datatype(model)
        elif (layer := ours.by_name.get(node.output[0])) is not None:
            model.set_tensor_datatype(node.output[0], finn_type(layer.output.type))
    return model


def _with_narrow_sums(model: ModelWrapper, ours: Dataflow) -> ModelWrapper:
    """FINN's MinimizeAccumulatorWidth, which infers all types anew after each layer: here only where one changed."""
    for node in list(model.graph.node):
        layer = getCustomOp(node) if node.domain == HARDWARE_DOMAIN else None
        if layer is not None and hasattr(layer, "minimize_accumulator_width"):
            before = model.get_tensor_datatype(node.output[0])
            layer.minimize_accumulator_width(model)
            layer.infer_node_datatype(model)
            if model.get_tensor_datatype(node.output[0]) != before:
                model = _typed(model, ours)
    return model


def left_over(model: ModelWrapper) -> list[str]:
    """The results of those nodes that FINN has no hardware layer for."""
    return [str(node.output[0]) for node in model.graph.node if node.domain != HARDWARE_DOMAIN]


def _pairs(model: ModelWrapper, ours: Dataflow) -> Iterator[tuple[NodeProto, Layer]]:
    """FINN's layers and ours. (Behind the padding of a 1x1 convolution FINN has a window of its own.)"""
    makers = {name: node for node in model.graph.node for name in node.output}
    for layer in ours.layers:
        node = makers.get(model.graph.output[0].name if layer is ours.layers[-1] else layer.name)
        if node is None or node.op_type not in kind_of(layer.kind).finn_operators:
            continue
        yield node, layer
        window = makers.get(node.input[0])
        padding = makers.get(window.input[0]) if window is not None and window.input else None
        for before, suffix in ((window, ".window"), (padding, ".pad")):
            helper_layer = ours.by_name.get(layer.name + suffix)
            if before is not None and helper_layer and before.op_type in kind_of(helper_layer.kind).finn_operators:
                yield before, helper_layer


def _require_equal(model: ModelWrapper, node: NodeProto, ours: Layer) -> None:
    """FINN agrees on shapes and weights, on thresholds, and on types.

    Its accumulators may have others, as wide as the numbers in them need, with a sign or without; so has what a window
    or a pool then makes of them.
    """
    shape = model.get_tensor_shape(node.output[0])
    _require(not kind_of(ours.kind).finn_shape or shape == [1, *ours.output.shape], ours, shape)
    finns = _int_type(model.get_tensor_datatype(node.output[0]))
    pairs = zip(node.input, ours.inputs, strict=False)  # without what is no stream: the thresholds
    alike = all(_int_type(model.get_tensor_datatype(name)) == stream.type for name, stream in pairs)
    passes = alike and kind_of(ours.kind).finn_type and not ours.output.type.bipolar
    exact = ours.attributes.get("thresholds") or passes
    _require(not exact or finns == ours.output.type, ours, finns)
    if "weights" in ours.tensors:
        _require_matrix(model, node, ours)
    if "thresholds" in ours.tensors:
        levels = model.get_initializer(node.input[kind_of(ours.kind).finn_thresholds])
        _require(np.array_equal(levels, ours.tensors["thresholds"].astype(np.float32)), ours, "thresholds")


def _require_matrix(model: ModelWrapper, node: NodeProto, ours: Layer) -> None:
    found = model.get_initializer(node.input[1])
    matrix = found if found.ndim == 2 else found.reshape(len(found), -1).T  # depthwise: (channels, 1, rows, columns)
    _require(np.array_equal(matrix, ours.tensors["weights"]), ours, "weights")
    attributes = getCustomOp(node)
    weights = _int_type(DataType[attributes.get_nodeattr("weightDataType")])
    bipolar = str(ours.attributes["weight_type"]) == "bipolar"
    signed = weights if weights.signed else IntType(weights.bits + 1, signed=True)
    _require(bipolar or str(signed) == ours.attributes["weight_type"], ours, weights)
    sums = _int_type(DataType[attributes.get_nodeattr("accDataType")])
    wanted = IntType.parse(str(ours.attributes["acc_type"]))
    _require(sums.bits + (not sums.signed) >= wanted.bits - 1, ours, sums)


def _require(agreed: bool, ours: Layer, finns: object) -> None:
    if not agreed:
        raise DifferenceError(f"FINN's layer differs from {ours}: {finns}")


def _int_type(found: DataType) -> IntType:
    """QONNX's integer type as ours (BINARY is uint1)."""
    assert found.is_integer(), found
    return IntType(found.bitwidth(), found.signed())
