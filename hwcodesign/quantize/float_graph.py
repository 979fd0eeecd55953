"""A float network in an ONNX file as a `Network` of our blocks and the float weights of its convolutions.

Batch norms, biases and factors are folded into the convolutions before them, ReLUs into what they follow, and what
only moves elements or belongs to the host (softmax, dropout, the pixels' normalisation) is taken off. Where quantizers
stand is decided behind that (quantizer_places.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.export.float_weights import Weights
from hwcodesign.lower.arithmetic import FUNCTIONS, RISING
from hwcodesign.lower.constant_folding import fold
from hwcodesign.lower.endings import ENDINGS
from hwcodesign.lower.file_network import FileNetwork
from hwcodesign.lower.file_network import Node as FileNode
from hwcodesign.lower.layout import LAYOUTS, LayoutError
from hwcodesign.lower.parts import PARTS
from hwcodesign.lower.unsupported import why_not
from hwcodesign.lower.values import Constant
from hwcodesign.nets.network import Conv, GlobalAvgPool, Moving, Network, Node
from hwcodesign.quantize import float_joins, float_layers, float_moves, float_pools, float_rectifiers
from hwcodesign.quantize.float_clips import CLIPS, LEAKS, RECTIFIERS
from hwcodesign.quantize.float_reader import Reader
from hwcodesign.quantize.float_tensors import Map, Pixels, Tensor
from hwcodesign.quantize.float_windows import PADDED
from hwcodesign.quantize.quantizer_places import placed


@dataclass(frozen=True)
class FloatNetwork:
    """`network` takes (pixels - `mean`) / `divisor`, each (channels,), where pixels are what the file takes."""

    network: Network
    weights: Mapping[str, Weights]
    mean: np.ndarray
    divisor: np.ndarray


def float_network(file: FileNetwork) -> FloatNetwork:
    """The network that `file` describes. Raises one UserError that lists every layer without hardware, by its path."""
    reader = Reader(file)
    for node in file.nodes:
        _visit(reader, node)
        if reader.last is not None:
            break
    return _found(reader)


def _visit(reader: Reader, node: FileNode) -> None:
    """Work out what the node gives."""
    inputs = [reader.read(name) for name in node.inputs]
    if node.operator in _HOSTS and _is_last(reader, node):
        reader.last = node.inputs[0]
        return
    try:
        found = _result(reader, node, inputs)
        results = found if isinstance(found, tuple) else (found,)
    except (ValueError, TypeError, IndexError, KeyError, LayoutError) as error:
        reader.problems.add(node.layer, f"its inputs or attributes are not those of {node.operator} ({error})",
                          "export the model again")  # fmt: skip
        results = ()
    reader.tensors |= dict.fromkeys(node.outputs)
    reader.tensors |= dict(zip(node.outputs, results, strict=False))


def _found(reader: Reader) -> FloatNetwork:
    """The network, its quantizers in their places. Raises UserError for the problems that were met."""
    reader.problems.raise_any(reader.file.path)
    scores = _scores(reader)
    reader.problems.raise_any(reader.file.path)
    if not isinstance(reader.nodes.get(scores), Conv | GlobalAvgPool | Moving):
        last = f", and this one in {scores}" if scores else ""
        raise UserError(f"{reader.file.path}: a network ends in a fully connected layer, a convolution or a global "
                        f"average, or in what moves their results, which are its scores{last}")  # fmt: skip
    draft = Network("graph", reader.input_shape, 0, _leading_to(scores, reader.nodes))
    nodes = placed(draft, reader.problems)
    reader.problems.raise_any(reader.file.path)
    height, width, channels = draft.shapes[scores]
    pixels = reader.pixels
    assert pixels is not None, "a network without convolutions has a problem"
    # Of a map, the classes are those of each pixel; a recipe has two at least.
    network = replace(draft, classes=channels if channels > 1 else height * width, nodes=nodes)
    weights = {conv.name: reader.weights[conv.name] for conv in network.convolutions}
    return FloatNetwork(network, weights, -pixels.shift / pixels.scale, 1 / pixels.scale)


def _scores(reader: Reader) -> str:
    """The node that gives the scores, "" if none does; a map with its channels last is in hardware's own order."""
    tensor = reader.last or reader.file.output
    value = reader.tensors.get(tensor)
    if not isinstance(value, Map):
        return ""
    channels, height, width = shape = reader.map_shape(value.name)
    own = np.arange(channels * height * width).reshape(shape).transpose(1, 2, 0)
    if value.places is None or np.array_equal(value.places.ravel(), own.ravel()):
        return value.name
    maker = next(node for node in reader.file.nodes if tensor in node.outputs)
    arranged = float_moves.arranged(reader, maker, value)
    return "" if arranged is None else arranged.name


def _is_last(reader: Reader, node: FileNode) -> bool:
    """Whether all that stands behind `node` belongs to the host."""
    waiting = list(node.outputs)
    while waiting:
        for behind in reader.readers.get(waiting.pop(), ()):
            if behind.operator not in (*LAYOUTS, *_HOSTS):
                return False
            waiting.extend(behind.outputs)
    return True


def _result(reader: Reader, node: FileNode, inputs: list[Tensor]) -> Tensor | tuple[Tensor, ...]:
    """What the node gives of what it reads; several of what has several outputs."""
    given = [tensor for name, tensor in zip(node.inputs, inputs, strict=True) if name]
    if node.operator == "Shape" and isinstance(given[0], Map):
        return Constant(np.array(given[0].shape, dtype=np.int64))
    if all(isinstance(tensor, Constant) for tensor in given):
        constants = [tensor if isinstance(tensor, Constant) else None for tensor in inputs]
        return fold(node, constants, reader.file.opset)
    handler = _HANDLERS.get(node.operator)
    if handler is None:
        cause, fix = why_not(node, known=False) or ("", "")
        reader.note(node, cause, RECTIFIERS if fix == RISING or node.operator in FUNCTIONS else fix)
    elif any(isinstance(t, Map | Pixels) and any(t.pad) for t in given) and node.operator not in _TAKE_PADDING:
        reader.note(node, "its input was padded before it", PADDED)
    elif not any(tensor is None for tensor in given):  # what lies behind a problem is none itself
        if node.operator not in _TAKE_MOVED:
            inputs = [float_moves.arranged(reader, node, t) if isinstance(t, Map) else t for t in inputs]
            if any(tensor is None for name, tensor in zip(node.inputs, inputs, strict=True) if name):
                return None
        return handler(reader, node, inputs)
    return None


def _leading_to(last: str, nodes: Mapping[str, Node]) -> tuple[Node, ...]:
    """Those of `nodes`, in their order, whose results `last` depends on, and itself."""
    needed = {last}
    for node in reversed(list(nodes.values())):
        if node.name in needed:
            needed.update(node.inputs)
    return tuple(node for node in nodes.values() if node.name in needed)


_HOSTS = (*ENDINGS, "Sigmoid")  # at the end: they keep the order of scores
_TAKE_PADDING = ("Conv", "AveragePool", *LAYOUTS)
_TAKE_MOVED = ("Gemm", "MatMul", *LAYOUTS, *PARTS)
_HANDLERS: Mapping[str, Callable[[Reader, FileNode, list[Any]], Tensor | tuple[Tensor, ...]]] = {
    **dict.fromkeys((*LAYOUTS, *PARTS), float_moves.moved),
    **dict.fromkeys(("Resize", "Upsample"), float_moves.upsampled),
    "Conv": float_layers.convolution,
    **dict.fromkeys(("Gemm", "MatMul"), float_layers.linear),
    "BatchNormalization": float_layers.batch_norm,
    **dict.fromkeys(("Add", "Sub", "Mul", "Div"), float_layers.arithmetic),
    "Concat": float_joins.concat,
    "MaxPool": float_pools.max_pool,
    "AveragePool": float_pools.average_pool,
    **dict.fromkeys(("GlobalAveragePool", "ReduceMean"), float_pools.global_average),
    **dict.fromkeys(CLIPS, float_rectifiers.relu),
    **dict.fromkeys(LEAKS, float_rectifiers.leaky),
    "Pad": float_layers.pad,
}
