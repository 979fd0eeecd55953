"""The network's exact meaning: a walk over the QONNX graph that knows each tensor as scale * integer + bias in float64.

It names every layer, works out each quantizer's thresholds over integers, and finds everything that the hardware
cannot compute. FINN's lowering then gives the hardware, and `to_dataflow` brings the two together.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper

from hwcodesign.core.layer_name import layer_name
from hwcodesign.dataflow import IntType
from hwcodesign.lower import arithmetic, layers
from hwcodesign.lower.legality import possible
from hwcodesign.lower.problems import Problems
from hwcodesign.lower.quantize import close, quantize, quantize_weights
from hwcodesign.lower.read import QUANTIZERS
from hwcodesign.lower.traversal import GRAPH_INPUT, Operation, Walk
from hwcodesign.lower.values import Value, quantized

Handler = Callable[..., Value | None]

_MAPS: Mapping[str, Handler] = {
    **dict.fromkeys(QUANTIZERS, quantize),
    "Conv": layers.convolution,
    "MaxPool": layers.max_pool,
    "Concat": layers.concat,
    "GlobalAveragePool": layers.global_pool,
    "BatchNormalization": arithmetic.batch_norm,
    "Relu": arithmetic.relu,
    **dict.fromkeys(("Add", "Sub", "Mul", "Div"), arithmetic.scale_or_shift),
    **dict.fromkeys(("Identity", "Dropout"), arithmetic.identity),
}


@dataclass(frozen=True)
class Exact:
    """Operations by name, in the order of the file; `scores` names the last. Real score = integer * score_scale.

    `idle` are the nodes that change nothing.
    """

    operations: Mapping[str, Operation]
    scores: str
    score_scale: float
    input_scale: float
    idle: Sequence[NodeProto]


def exact_meaning(
    model: ModelWrapper, input_type: IntType, input_scale: float | None, problems: Problems
) -> Exact | None:
    """Walk over `model`, whose data path is maps (1, C, H, W). None if something, now in `problems`, has no hardware.

    `input_scale` None means 1/255 where the network quantizes its input itself, else 1 (raw pixels).
    """
    if input_scale is None:
        input_scale = 1 / 255 if _quantizes_input(model) else 1.0
    walk = Walk(model, problems)
    frames = model.graph.input[0].name
    channels, height, width = (*model.get_tensor_shape(frames)[1:], 1, 1)[:3]
    walk.values[frames] = quantized(GRAPH_INPUT, (channels, height, width), input_type, input_scale)
    for node in model.graph.node:
        _visit(walk, node)
    scores = walk.values.get(model.graph.output[0].name)
    scale = None if scores is None else _score_scale(walk, scores)
    if scores is None or scale is None or problems.found:
        assert problems.found, "a value is missing without a reason"
        return None
    return Exact(walk.operations, scores.operation, scale, input_scale, walk.idle)


def _quantizes_input(model: ModelWrapper) -> bool:
    """Does the path from the input meet a quantizer before anything but scaling?"""
    tensor = model.graph.input[0].name
    while readers := model.find_consumers(tensor):
        if _MAPS.get(readers[0].op_type) not in (arithmetic.scale_or_shift, arithmetic.relu, arithmetic.identity):
            return readers[0].op_type in QUANTIZERS
        tensor = readers[0].output[0]
    return False


def _visit(walk: Walk, node: NodeProto) -> None:
    """Work out the value of the node's output; none if it has a problem, or reads a value that has none."""
    layer = layer_name(node)
    first = walk.constant(node.input[0]) if node.input else None
    if node.op_type in QUANTIZERS and first is not None:
        quantize_weights(walk, node, layer, first)
        return
    if not possible(walk, node, layer):
        return
    constants = {name for name in node.input if name in walk.weights or walk.constant(name) is not None}
    maps = [name for name in node.input if name and name not in constants]
    values = [walk.values[name] for name in maps if name in walk.values]
    handler = layers.add if node.op_type == "Add" and len(maps) == 2 else _MAPS[node.op_type]
    result = None
    if len(values) == len(maps):
        result = handler(walk, node, layer, *values)
        if len(values) == 1 and result is values[0]:
            walk.idle.append(node)
    elif node.op_type in QUANTIZERS:
        result = quantize(walk, node, layer, None)
    if result is not None:
        walk.values[node.output[0]] = result


def _score_scale(walk: Walk, scores: Value) -> float | None:
    """Real score per integer of the output; None after noting why there is no such number."""
    if scores.open:
        scores = close(walk, scores)
    if scores.shape[1:] != (1, 1):
        cause = f"the scores are a map of {scores.shape[1]} x {scores.shape[2]} pixels"
        walk.problems.add(scores.operation, cause, "end in a global average or a fully connected layer")
    elif scores.scale is None:
        walk.problems.add(scores.operation, *_why_no_scale(scores))
    return scores.scale


def _why_no_scale(scores: Value) -> tuple[str, str]:
    line = scores.affine
    if line is None:
        return "its scores leave through a ReLU without a quantizer", "put a QuantReLU at the end"
    if np.any(line.bias):
        return (
            "its scores have a bias (or batch norm) in floating point that no quantizer absorbs",
            "use bias=False in the last layer, or put a quantizer after it",
        )
    return (
        "its scores differ in scale from class to class",
        "use one weight scale per tensor in the last layer, or put a quantizer after it",
    )
