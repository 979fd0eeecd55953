"""Brings FINN's hardware graph and the network's exact meaning together: our layers, under their PyTorch paths.

FINN's nodes have generated names, so both graphs are walked side by side from the scores back to the input. FINN's
graph says which hardware there is, its weights and types; the exact meaning gives names and thresholds. Where FINN,
which streamlines in float32, rounded a threshold to the wrong side, it is corrected, and counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from onnx import NodeProto
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from hwcodesign.core.errors import UserError
from hwcodesign.core.score_map import ScoreMap
from hwcodesign.dataflow import Dataflow, IntType, Stream
from hwcodesign.graph.builder import Assembly, signed_holding
from hwcodesign.lower.exact import Exact
from hwcodesign.lower.traversal import GRAPH_INPUT, Operation

_FINN_NAMES = {
    "mvau": {"MVAU"},
    "thresholding": {"Thresholding"},
    "max_pool": {"Pool"},
    "concat": {"StreamingConcat"},
    "add": {"ElementwiseAdd", "AddStreams"},
    "global_acc_pool": {"GlobalAccPool"},
}
_WINDOWED = ("mvau", "max_pool")


@dataclass
class Thresholds:
    """How many thresholds the graph has, and how many of FINN's had to be corrected."""

    count: int = 0
    corrected: int = 0


@dataclass(frozen=True)
class _Nodes:
    """FINN's nodes for one operation: the layer itself, and the padding and window generator before it."""

    layer: NodeProto
    window: NodeProto | None
    padding: NodeProto | None


def to_dataflow(model: ModelWrapper, exact: Exact, contract: Mapping[str, float]) -> tuple[Dataflow, Thresholds]:
    """The graph of FINN's hardware `model`, under the names of `exact`; FINN's nodes get them as their doc strings.

    Raises UserError if FINN left something unconverted, with the layer where that is.
    """
    matched: dict[str, _Nodes] = {}
    _match(model, exact, exact.scores, _scores(model), matched)
    _name(model, matched)
    build = _Build(model, _frames(model), matched)
    for name, operation in exact.operations.items():
        if name in matched:  # what does not lead to the scores is no hardware
            build.add(operation)
    build.assembly.label_select(build.made[exact.scores], score_map=ScoreMap.of(exact.score_scale))
    return build.assembly.finish(contract), build.thresholds


def _frames(model: ModelWrapper) -> Assembly:
    frames = model.graph.input[0].name
    _, height, width, channels = model.get_tensor_shape(frames)
    return Assembly(GRAPH_INPUT, Stream((height, width, channels), int_type(model.get_tensor_datatype(frames))))


def int_type(kind: DataType) -> IntType:
    """QONNX's integer type as ours (BINARY is uint1)."""
    assert kind.is_integer(), kind
    return IntType(kind.bitwidth(), kind.signed())


def _scores(model: ModelWrapper) -> str:
    select = model.find_producer(model.graph.output[0].name)
    if select.op_type != "LabelSelect":
        raise _unconverted(select, "the scores")
    return str(select.input[0])


def _match(model: ModelWrapper, exact: Exact, name: str, tensor: str, matched: dict[str, _Nodes]) -> None:
    """Find the nodes that make `tensor`, which is the output of operation `name`, and go on with their inputs."""
    tensor = _before_fork(model, tensor)
    if name == GRAPH_INPUT:
        if tensor != model.graph.input[0].name:
            raise _unconverted(model.find_producer(tensor), GRAPH_INPUT)
        return
    operation = exact.operations[name]
    node = model.find_producer(tensor)
    if node is None or node.op_type not in _FINN_NAMES[operation.kind]:
        raise _unconverted(node, name)
    if name in matched:
        return
    window = _producer(model, node.input[0], "ConvolutionInputGenerator") if operation.kind in _WINDOWED else None
    padding = _producer(model, window.input[0], "FMPadding") if window is not None else None
    matched[name] = _Nodes(node, window, padding)
    first = padding or window or node
    inputs = [first.input[0]] if len(operation.sources) == 1 else list(node.input)[: len(operation.sources)]
    for source, made in zip(operation.sources, inputs, strict=True):
        _match(model, exact, source, made, matched)


def _name(model: ModelWrapper, matched: Mapping[str, _Nodes]) -> None:
    for name, nodes in matched.items():
        for node, suffix in ((nodes.padding, ".pad"), (nodes.window, ".window"), (nodes.layer, "")):
            if node is not None:
                node.doc_string = name + suffix
    for node in model.get_nodes_by_op_type("DuplicateStreams"):
        source = model.find_producer(node.input[0])
        node.doc_string = f"{source.doc_string.removesuffix('.fork') if source else GRAPH_INPUT}.fork"
    model.find_producer(model.graph.output[0].name).doc_string = "label_select"


def _producer(model: ModelWrapper, tensor: str, op_type: str) -> NodeProto | None:
    node = model.find_producer(tensor)
    return node if node is not None and node.op_type == op_type else None


def _before_fork(model: ModelWrapper, tensor: str) -> str:
    node = _producer(model, tensor, "DuplicateStreams")
    return tensor if node is None else _before_fork(model, node.input[0])


def _unconverted(node: NodeProto | None, layer: str) -> UserError:
    found = "the network's input" if node is None else f"an operator {node.op_type}"
    return UserError(f"{layer}: FINN left {found} where this layer should be; nothing of ours can take its place")


@dataclass
class _Build:
    model: ModelWrapper
    assembly: Assembly
    matched: Mapping[str, _Nodes]
    made: dict[str, str] = field(default_factory=lambda: {GRAPH_INPUT: GRAPH_INPUT})
    thresholds: Thresholds = field(default_factory=Thresholds)

    def add(self, operation: Operation) -> None:
        """Add the layers of one operation, and check their shape against FINN's."""
        nodes = self.matched[operation.name]
        name = operation.name
        sources = [self.made[source] for source in operation.sources]
        if nodes.padding is not None:
            pad = tuple(getCustomOp(nodes.padding).get_nodeattr("Padding"))
            sources = [self.assembly.padding(f"{name}.pad", sources[0], pad)]
        if nodes.window is not None:
            sources = [self._window(name, sources[0], nodes.window, depthwise=operation.kind == "max_pool")]
        match operation.kind:
            case "mvau":
                made = self._mvau(operation, sources[0], nodes.layer)
            case "thresholding":
                made = self._thresholding(operation, sources[0], nodes.layer)
            case "max_pool":
                made = self.assembly.max_pool(name, sources[0], int(np.prod(_kernel(nodes.layer))))
            case "concat":
                made = self.assembly.concat(name, sources)
            case "add":
                made = self.assembly.add(name, sources[0], sources[1])
            case "global_acc_pool":
                made = self.assembly.global_acc_pool(name, sources[0])
        self.made[name] = made
        self._require_finns(nodes.layer, self.assembly.stream(made), typed=operation.out_type is not None)

    def _require_finns(self, node: NodeProto, stream: Stream, typed: bool) -> None:
        """FINN agrees on the shape, and on the type where a quantizer gives it (its accumulators may be wider)."""
        assert self.model.get_tensor_shape(node.output[0]) == [1, *stream.shape], (node.name, stream)
        finns = int_type(self.model.get_tensor_datatype(node.output[0]))
        assert finns == stream.type or not typed, (node.name, stream, finns)

    def _window(self, name: str, source: str, node: NodeProto, depthwise: bool) -> str:
        generator = getCustomOp(node)
        kernel, stride = (tuple(generator.get_nodeattr(key)) for key in ("ConvKernelDim", "Stride"))
        if kernel == stride == (1, 1):  # FINN puts one behind the padding of a 1x1 convolution
            return source
        return self.assembly.sliding_window(f"{name}.window", source, kernel, stride, depthwise)

    def _mvau(self, operation: Operation, source: str, node: NodeProto) -> str:
        weights = self.model.get_initializer(node.input[1]).astype(np.int64)
        assert operation.weights is not None
        rows = len(operation.weights)
        ours = operation.weights.transpose(2, 3, 1, 0).reshape(-1, rows)  # FINN's order: row, column, channel
        assert np.array_equal(weights, ours), f"{operation.name}: FINN's weights differ from the file's"
        tensors = {"weights": weights}
        low, high = int(operation.low.min()), int(operation.high.max())
        if operation.thresholds is not None:
            tensors["thresholds"] = self._levels(operation, node.input[2])
            low, high = min(low, int(operation.thresholds.min())), max(high, int(operation.thresholds.max()))
        bipolar = self.model.get_tensor_datatype(node.input[1]) == DataType["BIPOLAR"]
        return self.assembly.mvau(
            operation.name, source, rows, out_type=operation.out_type,
            weight_type=IntType(1, True) if bipolar else signed_holding(int(weights.min()), int(weights.max())),
            acc_type=signed_holding(low, high), tensors=tensors,
        )  # fmt: skip

    def _thresholding(self, operation: Operation, source: str, node: NodeProto) -> str:
        assert operation.out_type is not None
        levels = self._levels(operation, node.input[1])
        return self.assembly.thresholding(operation.name, source, operation.out_type, {"thresholds": levels})

    def _levels(self, operation: Operation, tensor: str) -> np.ndarray:
        """The exact thresholds (C, N); counts those that FINN has otherwise, and corrects them in its graph."""
        ours = operation.thresholds
        assert ours is not None
        stored = self.model.get_initializer(tensor)
        finns = np.clip(stored, operation.low[:, None], operation.high[:, None] + 1)
        # A narrow range has fewer levels: FINN leaves out the first thresholds, which every value reaches.
        compared = ours[:, ours.shape[1] - finns.shape[1] :]
        self.thresholds.count += ours.size
        self.thresholds.corrected += int(np.count_nonzero(compared != finns))
        if np.any(compared != finns):
            self.model.set_initializer(tensor, np.where(compared != finns, compared, stored).astype(stored.dtype))
        return ours


def _kernel(pool: NodeProto) -> tuple[int, ...]:
    return tuple(getCustomOp(pool).get_nodeattr("KernelSize"))
