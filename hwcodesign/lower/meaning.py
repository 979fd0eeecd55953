"""What a network means: a walk over its graph that knows each tensor as integers of some layer, and how they are real.

It names every layer, works out each quantizer's thresholds over integers, and finds everything that the hardware cannot
compute. It is the one place that does; everything after it writes down what it found.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np

from hwcodesign.dataflow import IntType
from hwcodesign.lower import arithmetic, convolutions, dialects, joins, pooling, upsampling
from hwcodesign.lower.constant_folding import fold
from hwcodesign.lower.endings import ENDINGS, Scores, ends, note_choice, scores_of
from hwcodesign.lower.file_network import FileNetwork, Node
from hwcodesign.lower.layout import LAYOUTS, LayoutError, moved
from hwcodesign.lower.operation import GRAPH_INPUT, Operation
from hwcodesign.lower.parts import PARTS, arranged, parts_of, with_zero_channels
from hwcodesign.lower.problems import Problems
from hwcodesign.lower.unsupported import why_not
from hwcodesign.lower.values import Constant, Unknown, Value, places, uniform, whole_range
from hwcodesign.lower.walk import Tensor, Walk

Handler = Callable[..., Tensor | None]

_QUANTIZERS: Mapping[str, Handler] = {
    **dict.fromkeys(("Quant", "IntQuant", "BipolarQuant"), dialects.qonnx_quantizer),
    "QuantizeLinear": dialects.linear_quantizer,
    "DequantizeLinear": dialects.dequantizer,
    "Trunc": dialects.truncation,
    "MultiThreshold": dialects.multi_threshold,
}
_LAYERS: Mapping[str, Handler] = {
    "Conv": convolutions.convolution,
    **dict.fromkeys(("MatMul", "Gemm"), convolutions.linear),
    **dict.fromkeys(("MaxPool", "GlobalMaxPool"), pooling.max_pool),
    "AveragePool": pooling.average_pool,
    "GlobalAveragePool": pooling.global_pool,
    **dict.fromkeys(("ReduceMean", "ReduceSum", "ReduceMax"), pooling.reduction),
    **dict.fromkeys(("Resize", "Upsample"), upsampling.upsample),
    "Concat": joins.concat,
    "Add": joins.add,
    "Sum": joins.total,
    "Sub": joins.subtract,
    **dict.fromkeys(("Mul", "Div"), arithmetic.scale_or_shift),
    "Neg": arithmetic.negative,
    "BatchNormalization": arithmetic.batch_norm,
    **dict.fromkeys(arithmetic.FUNCTIONS, arithmetic.function),
}
_LEAVE_ZERO = (
    *_LAYERS.keys() & {"Conv", "MaxPool", "AveragePool", "Mul", "Div", "Neg", *arithmetic.FUNCTIONS},
    *_QUANTIZERS, *LAYOUTS, "Pad",
)  # fmt: skip
_LEAVE_FILL = (*LAYOUTS, "MaxPool", "Pad")  # of padded numbers other than 0; quantizers say what they become


@dataclass(frozen=True)
class Meaning:
    """Operations by name, in the order in which they run, only those that lead to the scores; what both ends mean.

    The host sends integers of `input_type` as feature maps of `frame` (channels, height, width); times `input_scale`
    they are the real numbers that the network takes.
    """

    operations: Mapping[str, Operation]
    scores: Scores
    input_type: IntType
    input_scale: float
    frame: tuple[int, int, int]


def meaning(network: FileNetwork, input_type: IntType, input_scale: float | None, problems: Problems) -> Meaning | None:
    """None if something, now in `problems`, has no hardware.

    `input_scale` None means 1/255 where the network quantizes its input itself, else 1 (raw pixels).
    """
    if input_scale is None:
        input_scale = 1 / 255 if _quantizes_input(network) else 1.0
    walk = Walk(network, problems)
    frames = _frames(network, input_type, input_scale)
    walk.tensors[network.input] = frames
    ending = ""
    for node in network.nodes:
        if not ending and node.operator in ENDINGS and ends(walk, node):
            ending = node.operator
            note_choice(walk, node)
        if ending:
            scored = walk.tensors.get(node.inputs[0], Unknown(None))
            walk.tensors |= dict.fromkeys(node.outputs, scored)  # of TopK the scores and their places
        else:
            _visit(walk, node)
    last = walk.read(network.output)
    scores = scores_of(walk, last, ending) if isinstance(last, Value) else None
    if scores is None or problems.found:
        if not problems.found:
            problems.add(network.nodes[-1].layer, "its result does not depend on the image", "export another output")
        return None
    operations = _leading_to(scores.operation, walk.operations)
    return Meaning(operations, scores, input_type, input_scale, frames.shape)


def _leading_to(last: str, operations: dict[str, Operation]) -> Mapping[str, Operation]:
    needed = {last}
    for name in reversed(operations):
        if name in needed:
            needed.update(operations[name].sources)
    return {name: operation for name, operation in operations.items() if name in needed}


def _frames(network: FileNetwork, int_type: IntType, scale: float) -> Value:
    """The network's input."""
    _, *sides = network.input_shape
    if network.channels_last:
        sides = [sides[2], sides[0], sides[1]]
    height, width = (1, 1, *sides[1:])[-2:]
    shape = (sides[0], height, width)
    low, high = whole_range(int_type, shape[0])
    place = places(shape, 1, *sides)
    if network.channels_last:
        place = np.moveaxis(place, 1, -1)
    return Value(GRAPH_INPUT, shape, int_type, low, high, (uniform(scale, shape[0]),), place)


_BEFORE_QUANTIZER = (
    *_QUANTIZERS,
    *LAYOUTS,
    *arithmetic.FUNCTIONS,
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Neg",
    "BatchNormalization",
)


def _quantizes_input(network: FileNetwork) -> bool:
    """Does the path from the input meet a quantizer before anything but scaling?"""
    tensor, readers = network.input, network.readers()
    while found := readers.get(tensor, ()):
        node = found[0]
        if node.operator in _QUANTIZERS:
            return True
        if node.operator not in _BEFORE_QUANTIZER:
            return False
        tensor = node.outputs[0]
    return False


def _visit(walk: Walk, node: Node) -> None:
    """Work out the node's result; an `Unknown` if it has a problem, or reads one."""
    for name in node.inputs:
        if name in walk.network.constants and name not in walk.tensors:
            walk.tensors[name] = Constant(walk.network.constants[name])
    inputs = [walk.read(name) for name in node.inputs]
    try:
        result = _result(walk, node, inputs)
    except (ValueError, TypeError, IndexError, KeyError, AttributeError):  # a damaged node: numpy has no words for it
        cause = f"its inputs or attributes are not those of {node.operator}"
        walk.note(node, cause, "export the model again; onnx.checker.check_model says what is damaged")
        result = None
    found = result if isinstance(result, tuple) else (result,)
    for name, tensor in zip_longest(node.outputs, found[: len(node.outputs)]):
        lost = Unknown(_likely_shape(walk, node, inputs) if name == node.outputs[0] else None)
        walk.tensors[name] = lost if tensor is None else tensor


def _result(walk: Walk, node: Node, inputs: list[Tensor | None]) -> Tensor | tuple[Tensor, ...] | None:
    tensors = [tensor for tensor in inputs if tensor is not None]
    if node.operator in _QUANTIZERS:
        return _QUANTIZERS[node.operator](walk, node, *inputs)
    if node.operator == "Shape":
        return _shape(inputs[0])
    if all(isinstance(tensor, Constant) for tensor in tensors):
        return _folded(walk, node, [tensor if isinstance(tensor, Constant) else None for tensor in inputs])
    reason = why_not(node, known=node.operator in (*_LAYERS, *LAYOUTS, *PARTS, "Pad"))
    if reason is not None:
        walk.note(node, *reason)
        return None
    if any(isinstance(tensor, Unknown) for tensor in tensors):
        _behind_problem(walk, node, inputs)
        return None
    return _of_maps(walk, node, inputs)


def _of_maps(walk: Walk, node: Node, inputs: list[Tensor | None]) -> Tensor | tuple[Tensor, ...] | None:
    padded = next((tensor for tensor in inputs if isinstance(tensor, Value) and tensor.padded), None)
    if padded is not None and node.operator not in (_LEAVE_ZERO if padded.fill == 0 else _LEAVE_FILL):
        fix = "give the padding to the convolution (padding=...)"
        walk.note(node, f"its input was padded with {f'{padded.fill:g}' if padded.fill else 'zeros'} before it", fix)
        return None
    if node.operator == "Cast":
        (value,) = inputs
        return arithmetic.cast(walk, node, value) if isinstance(value, Value) else None
    if node.operator in (*LAYOUTS, *PARTS, "Pad"):
        return _moved(walk, node, inputs)
    return _LAYERS[node.operator](walk, node, *_in_front(node, _arranged(walk, node, inputs)))


_JOINS = ("Concat", "Add", "Sum", "Sub")
_READ_MAPS = (
    "Conv", "MaxPool", "GlobalMaxPool", "AveragePool", "GlobalAveragePool", "ReduceMean", "ReduceSum", "ReduceMax",
    "Resize", "Upsample",
)  # fmt: skip


def _arranged(walk: Walk, node: Node, inputs: list[Tensor | None]) -> list[Tensor | None]:
    """Parts of feature maps, and reordered ones, as maps of their own where the operator takes no others.

    Maps that are joined may be reordered, if both are in the same way, but whole and of the same pixels.
    """
    values = [tensor for tensor in inputs if isinstance(tensor, Value)]
    parts = any(
        value.place.size != np.prod(value.shape) or (value.place.ndim == 4 and value.place.shape[2:] != value.shape[1:])
        for value in values
    )
    unlike = any(not np.array_equal(value.place, values[0].place) for value in values)
    if node.operator in _READ_MAPS or (node.operator in _JOINS and (parts or (unlike and node.operator != "Concat"))):
        return [arranged(walk, node, tensor) if isinstance(tensor, Value) else tensor for tensor in inputs]
    return inputs


def _in_front(node: Node, inputs: list[Tensor | None]) -> list[Tensor | None]:
    """The feature map first, where the order of the inputs does not matter."""
    if node.operator in ("Max", "Min"):
        return sorted(inputs, key=lambda tensor: isinstance(tensor, Constant))
    return inputs


def _shape(tensor: Tensor | None) -> Tensor | None:
    if isinstance(tensor, Value):
        return Constant(np.array(tensor.place.shape, dtype=np.int64))
    if isinstance(tensor, Constant):
        return Constant(np.array(tensor.real.shape, dtype=np.int64))
    return None if tensor is None or tensor.shape is None else Constant(np.array(tensor.shape, dtype=np.int64))


def _folded(walk: Walk, node: Node, inputs: list[Constant | None]) -> Constant | None:
    try:
        return fold(node, inputs, walk.network.opset)
    except Exception as error:  # whatever ONNX's reference raises for constants that do not fit
        walk.note(node, f"{node.operator} of these constants cannot be worked out ({error})", "export the model again")
        return None


def _moved(walk: Walk, node: Node, inputs: list[Tensor | None]) -> Value | tuple[Value, ...] | None:
    value, *others = inputs
    assert isinstance(value, Value)
    arrays = [other.real if isinstance(other, Constant) else None for other in others]
    if node.operator == "Pad":
        return _padded(walk, node, value, arrays)
    try:
        if node.operator in PARTS:
            return _parts(walk, node, value, parts_of(node, value.place, arrays))
        place = moved(node, value.place, arrays, walk.network.batch)
    except (LayoutError, ValueError, np.exceptions.AxisError) as error:
        whole = "flatten the whole feature map, directly before a fully connected layer"
        whole = "give the layer in front of it so many filters" if node.operator == "DepthToSpace" else whole
        walk.note(node, f"{error}", "take channels by constant numbers" if node.operator in PARTS else whole, value)
        return None
    return replace(value, place=place)


def _parts(walk: Walk, node: Node, value: Value, places: tuple[np.ndarray, ...]) -> tuple[Value, ...]:
    """The parts at `places`. Where several are read, none alone may change what makes the integers."""
    alone = value.alone and sum(walk.readers.get(name, 0) > 0 for name in node.outputs) < 2
    return tuple(replace(value, place=place, alone=alone) for place in places)


def _padded(walk: Walk, node: Node, value: Value, arrays: list[np.ndarray | None]) -> Value | None:
    """A number around a feature map, which the layer that reads it takes over if it can: mostly 0."""
    given = node.attributes.get("pads") if not arrays or arrays[0] is None else arrays[0].ravel().tolist()
    fill = float(node.attributes.get("value", 0.0)) if len(arrays) < 2 or arrays[1] is None else float(arrays[1].item())
    if given is None:
        walk.note(node, "its padding is computed at run time", "give the padding in numbers")
        return None
    rank = value.place.ndim
    pads = np.zeros((2, rank), dtype=np.int64)
    axes = arrays[2].ravel() % rank if len(arrays) > 2 and arrays[2] is not None else np.arange(rank)
    pads[:, axes] = np.array(given, dtype=np.int64).reshape(2, -1)
    mode = node.attributes.get("mode", "constant")
    other = value.padded and value.fill != fill
    if rank > 2 and mode == "constant" and fill == 0 and pads.min() == 0 < pads[:, 1].max() and not value.padded:
        widened = with_zero_channels(walk, node, value, *pads[:, 1].tolist())
        if widened is None:
            return None
        value, pads[:, 1] = widened, 0
    if not pads.any():
        return value
    if mode != "constant" or other or pads.min() < 0 or pads[:, :2].any():
        cause = f"it pads by {pads[0].tolist()} and {pads[1].tolist()}, mode {mode}, value {fill:g}"
        fix = "pad height and width, or channels, with zeros (F.pad, or padding=... of the convolution)"
        walk.note(node, cause, fix, value)
        return None
    return replace(value, place=np.pad(value.place, pads.T.tolist(), constant_values=-1), fill=fill)


def _behind_problem(walk: Walk, node: Node, inputs: list[Tensor | None]) -> None:
    """Look at the node's own settings, as far as they are seen without its input."""
    kernel = inputs[1] if node.operator in ("Conv", "MatMul", "Gemm") else None
    if isinstance(kernel, Constant):
        convolutions.check_alone(walk, node, kernel)


def _likely_shape(walk: Walk, node: Node, inputs: list[Tensor | None]) -> tuple[int, ...] | None:
    """The shape that the file declares, or that of the first input."""
    declared = walk.network.shapes.get(node.outputs[0])
    if declared and min(declared) > 0:
        return declared
    first = inputs[0] if inputs else None
    shape = first.place.shape if isinstance(first, Value) else first.shape if isinstance(first, Unknown) else None
    if shape and node.operator == "Conv" and isinstance(inputs[1], Constant):
        return shape[0], inputs[1].real.shape[0], *shape[2:]
    return shape
