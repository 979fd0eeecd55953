"""The order of FINN's transformations that leads from QONNX to hardware layers on integers only.

FINN reads its folders from the environment when it is imported: import this module only inside `finn_environment`
(hwcodesign/lower/environment.py). Three things FINN's own steps get wrong are done here: a max pool whose result
forks, a stand-alone bipolar quantizer, and weights at the lowest value of their type whose sign has to change.
"""

import logging
from collections.abc import Callable

import numpy as np
from finn.transformation.fpgadataflow.convert_to_hw.concat import InferConcatLayer
from finn.transformation.fpgadataflow.convert_to_hw.conv_inp_gen import InferConvInpGen
from finn.transformation.fpgadataflow.convert_to_hw.duplicate_streams import InferDuplicateStreamsLayer
from finn.transformation.fpgadataflow.convert_to_hw.elementwise_binary_operation import (
    InferElementwiseBinaryOperation,
)
from finn.transformation.fpgadataflow.convert_to_hw.global_acc_pool import InferGlobalAccPoolLayer
from finn.transformation.fpgadataflow.convert_to_hw.label_select import InferLabelSelectLayer
from finn.transformation.fpgadataflow.convert_to_hw.pool import InferPool
from finn.transformation.fpgadataflow.convert_to_hw.quantized_matrix_vector_activation import (
    InferQuantizedMatrixVectorActivation,
)
from finn.transformation.fpgadataflow.convert_to_hw.thresholding import InferThresholdingLayer
from finn.transformation.fpgadataflow.minimize_accumulator_width import MinimizeAccumulatorWidth
from finn.transformation.fpgadataflow.minimize_weight_bit_width import MinimizeWeightBitWidth
from finn.transformation.qonnx.convert_qonnx_to_finn import ConvertQONNXtoFINN
from finn.transformation.streamline import absorb, reorder
from finn.transformation.streamline.collapse_repeated import CollapseRepeatedAdd, CollapseRepeatedMul
from finn.transformation.streamline.round_thresholds import RoundAndClipThresholds
from onnx import helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.transformation.base import Transformation
from qonnx.transformation.batchnorm_to_affine import BatchNormToAffine
from qonnx.transformation.fold_constants import FoldConstants
from qonnx.transformation.general import (
    ConvertDivToMul,
    ConvertSubToAdd,
    GiveReadableTensorNames,
    GiveUniqueNodeNames,
    GiveUniqueParameterTensors,
    RemoveStaticGraphInputs,
    RemoveUnusedTensors,
    SortGraph,
)
from qonnx.transformation.infer_data_layouts import InferDataLayouts
from qonnx.transformation.infer_datatypes import InferDataTypes
from qonnx.transformation.infer_shapes import InferShapes
from qonnx.transformation.insert_topk import InsertTopK
from qonnx.transformation.lower_convs_to_matmul import LowerConvsToMatMul
from qonnx.transformation.remove import RemoveIdentityOps

from hwcodesign.dataflow import IntType
from hwcodesign.lower.rank4 import drop, replace

Progress = Callable[[str], None]
HARDWARE_DOMAIN = "finn.custom_op.fpgadataflow"
_NHWC = ["N", "H", "W", "C"]
_MOST_ROUNDS = 20

logging.getLogger("finn_logger").setLevel(logging.ERROR)


def to_hardware(model: ModelWrapper, input_type: IntType, input_scale: float, progress: Progress) -> ModelWrapper:
    """Lower a QONNX model whose data path is maps only (1, C, H, W). Input frames become (1, H, W, C)."""
    progress("quantizers to thresholds")
    model = _to_thresholds(_maps_only(model), input_type, input_scale)
    progress("scales into thresholds")
    model = _until_stable(model, _move_scales)
    _drop_tail(model)
    progress("convolutions to matrices")
    model = _to_matrices(model)
    progress("hardware layers")
    model = _to_layers(_pools_to_sums(model))
    model = _apply(_annotated(model), InsertTopK(k=1), InferShapes(), InferLabelSelectLayer())
    model = _apply(model, InferDuplicateStreamsLayer())
    progress("narrowest types")
    return _apply(
        model, MinimizeWeightBitWidth(), MinimizeAccumulatorWidth(), InferDataTypes(), SortGraph(), *_tidy()
    )  # fmt: skip


def _to_matrices(model: ModelWrapper) -> ModelWrapper:
    """Convolutions as windows and matrices, everything NHWC; scales must have moved before, or they get stuck here."""
    model = _apply(model, LowerConvsToMatMul())
    _max_pools_to_nhwc(model)
    model = _until_stable(_annotated(model), _move_transposes)
    return _apply(model, InferDataTypes(), *_tidy())


def _pools_to_sums(model: ModelWrapper) -> ModelWrapper:
    """Global pools as hardware, which only sums: their division goes on into thresholds, or leaves at the end."""
    model = _apply(model, InferGlobalAccPoolLayer(), absorb.AbsorbConsecutiveTransposes(), InferDataLayouts())
    model = _until_stable(model, _move_pool_scales)
    _drop_tail(model)
    return _apply(model, RoundAndClipThresholds())


def _to_layers(model: ModelWrapper) -> ModelWrapper:
    """Hardware layers; matrices first, so that they take the thresholds behind them along."""
    model = _apply(model, InferQuantizedMatrixVectorActivation())
    _bipolar_steps_to_codes(model)
    model = _apply(
        model, InferThresholdingLayer(), InferPool(), InferConvInpGen(), InferConcatLayer(),
        InferElementwiseBinaryOperation(), absorb.AbsorbConsecutiveTransposes(),
    )  # fmt: skip
    _host_transposes_input(model)
    _drop_tail(model)
    return model


def _apply(model: ModelWrapper, *steps: Transformation) -> ModelWrapper:
    for step in steps:
        model = model.transform(step, make_deepcopy=False)
    return model


def _tidy() -> list[Transformation]:
    return [RemoveUnusedTensors(), GiveUniqueNodeNames(), GiveReadableTensorNames()]


def _annotated(model: ModelWrapper) -> ModelWrapper:
    return _apply(model, InferShapes(), InferDataLayouts(), InferDataTypes())


def _until_stable(model: ModelWrapper, steps: Callable[[], list[Transformation]]) -> ModelWrapper:
    """Repeat the steps until the graph's operators stay the same; tidying once a round, not after every step."""
    for _ in range(_MOST_ROUNDS):
        before = [(node.op_type, *node.input, *node.output) for node in model.graph.node]
        for step in steps():
            model = model.transform(step, make_deepcopy=False, cleanup=False)
        model = _apply(_annotated(model), GiveUniqueNodeNames(), GiveReadableTensorNames())
        if [(node.op_type, *node.input, *node.output) for node in model.graph.node] == before:
            break
    return model


def _maps_only(model: ModelWrapper) -> ModelWrapper:
    """Shapes anew, all of rank 4: those recorded in the file are of before vectors became maps of one pixel."""
    ends = [model.graph.input[0].name, model.graph.output[0].name]
    shapes = [[*model.get_tensor_shape(name), 1, 1][:4] for name in ends]
    del model.graph.value_info[:]
    for name, shape in zip(ends, shapes, strict=True):
        model.set_tensor_shape(name, shape)
    return _apply(model, InferShapes())


def _to_thresholds(model: ModelWrapper, input_type: IntType, input_scale: float) -> ModelWrapper:
    frames = model.graph.input[0].name
    if input_scale != 1.0:
        _scale_input(model, frames, input_scale)
    model.set_tensor_datatype(frames, DataType[str(input_type).upper()])
    model = _apply(
        model, InferShapes(), ConvertQONNXtoFINN(), InferShapes(), FoldConstants(), GiveUniqueParameterTensors(),
        *_tidy(), InferDataTypes(), RemoveStaticGraphInputs(), InferDataLayouts(),
    )  # fmt: skip
    _leave_room_for_sign(model)
    return _apply(model, ConvertSubToAdd(), ConvertDivToMul(), BatchNormToAffine(), RemoveIdentityOps())


def _scale_input(model: ModelWrapper, frames: str, scale: float) -> None:
    """Real value = integer * scale, as the network's first operation."""
    scaled, factor = model.make_new_valueinfo_name(), "input_scale"
    model.set_tensor_shape(scaled, model.get_tensor_shape(frames))
    model.set_initializer(factor, np.array(scale, dtype=np.float32))
    for reader in model.find_consumers(frames):
        reader.input[:] = [scaled if name == frames else name for name in reader.input]
    model.graph.node.insert(0, helper.make_node("Mul", [frames, factor], [scaled]))


def _leave_room_for_sign(model: ModelWrapper) -> None:
    """A negative scale turns the weights' sign; -8 turns into 8, which 4 bits do not hold. Narrowed at the end."""
    for node in model.get_nodes_by_op_type("Conv"):
        kind, weights = model.get_tensor_datatype(node.input[1]), model.get_initializer(node.input[1])
        if kind.is_integer() and kind.bitwidth() > 1 and weights.min() == kind.min():
            model.set_tensor_datatype(node.input[1], DataType[f"INT{kind.bitwidth() + 1}"])


def _move_scales() -> list[Transformation]:
    """FINN's Streamline for networks of convolutions, plus its steps for forks, joins and bypasses."""
    return [
        reorder.MoveMulPastMaxPool(), absorb.AbsorbScalarBiasIntoMultiThreshold(),
        reorder.MoveScalarLinearPastInvariants(), reorder.MoveAddPastMul(), reorder.MoveAddPastConv(),
        reorder.MoveScalarMulPastConv(), reorder.MoveAddPastMul(), CollapseRepeatedAdd(), CollapseRepeatedMul(),
        absorb.AbsorbAddIntoMultiThreshold(), absorb.FactorOutMulSignMagnitude(),
        absorb.AbsorbMulIntoMultiThreshold(), InferDataTypes(), absorb.Absorb1BitMulIntoConv(), RemoveIdentityOps(),
        reorder.MoveMulPastMaxPool(), reorder.MoveLinearPastFork(), reorder.MoveMulPastJoinConcat(),
        reorder.MoveMulPastJoinAdd(), reorder.MoveAddPastJoinAdd(),
    ]  # fmt: skip


def _move_transposes() -> list[Transformation]:
    return [
        absorb.AbsorbTransposeIntoMultiThreshold(), reorder.MoveTransposePastFork(), GiveUniqueNodeNames(),
        GiveReadableTensorNames(), absorb.AbsorbConsecutiveTransposes(), reorder.MoveTransposePastJoinConcat(),
        reorder.MoveTransposePastJoinAdd(), absorb.AbsorbConsecutiveTransposes(),
    ]  # fmt: skip


def _move_pool_scales() -> list[Transformation]:
    """Through matrices into thresholds."""
    return [
        reorder.MoveScalarMulPastMatMul(), CollapseRepeatedMul(), absorb.AbsorbMulIntoMultiThreshold(),
        InferDataTypes(),
    ]  # fmt: skip


def _drop_tail(model: ModelWrapper) -> None:
    """Remove one positive factor for all scores, and transposes, at the graph's end.

    The order of the scores does not depend on them: the host multiplies where it wants real numbers.
    """
    while True:
        last = model.find_producer(model.graph.output[0].name)
        factor = model.get_initializer(last.input[1]) if last.op_type == "Mul" else None
        positive = factor is not None and factor.size == 1 and factor.item() > 0
        if not positive and last.op_type != "Transpose":
            return
        shape, kind = model.get_tensor_shape(last.input[0]), model.get_tensor_datatype(last.input[0])
        drop(model, last)
        model.set_tensor_shape(model.graph.output[0].name, shape)
        model.set_tensor_datatype(model.graph.output[0].name, kind)


def _max_pools_to_nhwc(model: ModelWrapper) -> None:
    """Wrap every max pool in two transposes, which then cancel with their neighbours.

    FINN's MakeMaxPoolNHWC breaks a pool whose result forks, as before a bypass.
    """
    for node in model.get_nodes_by_op_type("MaxPool"):
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        kind = model.get_tensor_datatype(node.input[0])
        inner = [_new_nhwc(model, name, kind) for name in (node.input[0], node.output[0])]
        pool = helper.make_node(
            "MaxPoolNHWC", [inner[0]], [inner[1]], domain="qonnx.custom_op.general",
            kernel_shape=attributes["kernel_shape"], strides=attributes["strides"], pads=[0, 0, 0, 0], ceil_mode=0,
        )  # fmt: skip
        before = helper.make_node("Transpose", [node.input[0]], [inner[0]], perm=[0, 2, 3, 1])
        after = helper.make_node("Transpose", [inner[1]], [node.output[0]], perm=[0, 3, 1, 2])
        replace(model, node, before, pool, after)


def _new_nhwc(model: ModelWrapper, like: str, kind: DataType) -> str:
    batch, channels, height, width = model.get_tensor_shape(like)
    name: str = model.make_new_valueinfo_name()
    model.set_tensor_shape(name, [batch, height, width, channels])
    model.set_tensor_datatype(name, kind)
    model.set_tensor_layout(name, _NHWC)
    return name


def _host_transposes_input(model: ModelWrapper) -> None:
    """The host sends frames as NHWC: the transposes that read the graph's input go away."""
    frames = model.graph.input[0].name
    kind = model.get_tensor_datatype(frames)
    readers = model.find_consumers(frames)
    if any(reader.op_type != "Transpose" for reader in readers):
        return
    shape = model.get_tensor_shape(readers[0].output[0])
    for reader in readers:
        drop(model, reader)
    model.set_tensor_shape(frames, shape)
    model.set_tensor_datatype(frames, kind)
    model.set_tensor_layout(frames, _NHWC)


def _bipolar_steps_to_codes(model: ModelWrapper) -> None:
    """FINN fuses a bipolar quantizer only as 2 * step - 1, and takes a stand-alone one only as the step itself."""
    for node in model.get_nodes_by_op_type("MultiThreshold"):
        if model.get_tensor_datatype(node.output[0]) == DataType["BIPOLAR"]:
            getCustomOp(node).set_nodeattr("out_scale", 1.0)
            getCustomOp(node).set_nodeattr("out_bias", 0.0)
