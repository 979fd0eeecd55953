"""The operations of a network written as a graph in QONNX's and FINN's terms: integers only, channels last.

Each operation's result is the tensor of its name. Nothing is left to move, absorb or round in this graph: FINN's own
conversion to hardware layers is all that follows. It can be executed as it is.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper

from hwcodesign.dataflow import Dataflow, IntType, Layer, Stream
from hwcodesign.kinds import kind_of
from hwcodesign.lower.meaning import Meaning
from hwcodesign.lower.operation import GRAPH_INPUT, Operation
from hwcodesign.lower.to_dataflow import matrix_of

CLASSES = "classes"
_QONNX = "qonnx.custom_op.general"
_OPSET = 13
_ONE = IntType(1, signed=False)


def canonical_graph(meaning: Meaning, dataflow: Dataflow) -> ModelWrapper:
    """The graph of `meaning`, with the shapes and types of `dataflow`, and the best class at its end.

    Where the highest integer need not be the best class, it ends in the integer scores.
    """
    scores = dataflow.by_name[meaning.scores.operation].output
    selects = dataflow.score_map.keeps_order and scores.pixels == 1 < scores.channels
    written = _Writer(dataflow)
    for operation in meaning.operations.values():
        written.add(operation)
    last, shape, element = meaning.scores.operation, [1, *scores.shape], TensorProto.FLOAT
    if selects:
        written.node(
            "TopK", [last, written.constant("top", np.array([1]))], ["best", CLASSES], axis=-1, largest=1, sorted=1
        )
        last, shape, element = CLASSES, [1, 1, 1, 1], TensorProto.INT64
    frames = helper.make_tensor_value_info(GRAPH_INPUT, TensorProto.FLOAT, [1, *dataflow.input.shape])
    output = helper.make_tensor_value_info(last, element, shape)
    graph = helper.make_graph(written.nodes, "lowered", [frames], [output], written.constants)
    model = ModelWrapper(helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)]))
    for name, stream in {GRAPH_INPUT: dataflow.input, **written.streams}.items():
        model.set_tensor_shape(name, [1, *stream.shape])
        model.set_tensor_datatype(name, finn_type(stream.type))
        model.set_tensor_layout(name, ["N", "H", "W", "C"])
    for name, kind_of_constant in written.types.items():
        model.set_tensor_datatype(name, finn_type(kind_of_constant))
    for name, kernel in written.kernels.items():
        model.set_tensor_sparsity(name, {"dw": {"kernel_shape": list(kernel)}})
    if selects:
        model.set_tensor_shape("best", shape)
    return model


def finn_type(int_type: IntType) -> DataType:
    """Our integer type as QONNX's."""
    return DataType["BINARY" if int_type == IntType(1, signed=False) else str(int_type).upper()]


def _finn_multiplies(operation: Operation) -> bool:
    """Whether FINN has a layer for this depthwise convolution: not for several outputs of a channel, nor bipolar ones.

    FINN fuses no bipolar quantizer into it.
    """
    bipolar = operation.out_type is not None and operation.out_type.bipolar
    one = operation.weights is not None and len(operation.weights) == operation.groups
    return operation.operator == "vvau" and one and not bipolar


@dataclass
class _Writer:
    dataflow: Dataflow
    nodes: list[NodeProto] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)
    streams: dict[str, Stream] = field(default_factory=dict)
    types: dict[str, IntType] = field(default_factory=dict)
    kernels: dict[str, tuple[int, int]] = field(default_factory=dict)  # of depthwise weights that are sparse matrices

    def node(self, operator: str, inputs: list[str], outputs: list[str], **attributes: Any) -> None:
        """One node, named by its result."""
        self.nodes.append(helper.make_node(operator, inputs, outputs, name=outputs[0], **attributes))

    def constant(self, name: str, value: np.ndarray, int_type: IntType | None = None) -> str:
        """A constant; integers of an `int_type` are kept in float32, as QONNX does."""
        stored = value if int_type is None else value.astype(np.float32)
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(stored), name))
        if int_type is not None:
            self.types[name] = int_type
        return name

    def add(self, operation: Operation) -> None:
        """The nodes of one operation."""
        name = operation.name
        layer = self.dataflow.by_name[name]
        sources = [self._windows(operation)] if operation.window is not None else list(operation.sources)
        self.streams[name] = layer.output
        match operation.operator:
            case "mvau":
                self._matrix(operation, sources[0])
            case "vvau":
                self._depthwise(operation, sources[0])
            case "thresholding":
                self._thresholds(operation, sources[0], fused=False)
            case "max_pool":
                assert operation.window is not None
                self.node(
                    "MaxPoolNHWC", sources, [name], domain=_QONNX, kernel_shape=list(operation.window.kernel),
                    strides=list(operation.window.stride), pads=[0, 0, 0, 0], ceil_mode=0,
                )  # fmt: skip
            case "sum_pool":
                self._window_sums(operation, sources[0])
            case "weighted_sum":
                self._weighted_sum(operation)
            case "depth_to_space":
                self._pixel_shuffle(layer, sources[0])
            case _:
                self._by_its_kind(layer, sources)

    def _by_its_kind(self, layer: Layer, sources: list[str]) -> None:
        """What needs no more than its feature maps: the kind says how ONNX writes it."""
        told = kind_of(layer.kind).in_onnx(layer)
        constants = [self.constant(f"{layer.name}.{i}", value) for i, value in enumerate(told.constants, start=1)]
        attributes = {k: str(finn_type(v)) if isinstance(v, IntType) else v for k, v in told.attributes.items()}
        self.node(told.operator, [*sources, *constants], [layer.name], domain=told.domain, **attributes)

    def _windows(self, operation: Operation) -> str:
        """What an operation with a window reads: for a matrix, windows as pixels; for a pool, its padded input."""
        window, name = operation.window, operation.name
        assert window is not None
        source, pad = operation.sources[0], window.pad
        matrix = operation.operator == "mvau" or _finn_multiplies(operation)
        if any(pad) and (window.pad_value or not matrix):
            padding = self.dataflow.by_name[f"{name}.pad"]
            value = padding.number("value") if "value" in padding.attributes else 0
            pads = [0, *pad[:2], 0, 0, *pad[2:], 0]
            inputs = [source, self.constant(f"{name}.pads", np.array(pads)),
                      self.constant(f"{name}.pad_value", np.array(value, dtype=np.float32))]  # fmt: skip
            self.node("Pad", inputs, [f"{name}.pad"])
            self.streams[f"{name}.pad"] = padding.output
            source, pad = f"{name}.pad", (0, 0, 0, 0)
        if not matrix or (window.kernel == window.stride == (1, 1) and not any(pad)):
            return source
        stream = self.dataflow.input if source == GRAPH_INPUT else self.streams[source]
        self.node(
            "Im2Col", [source], [f"{name}.window"], domain=_QONNX, stride=list(window.stride),
            kernel_size=list(window.kernel), pad_amount=list(pad), pad_value=0, dilations=list(window.dilation),
            depthwise=int(operation.operator == "vvau"),
            input_shape=str((1, *stream.shape)),
        )  # fmt: skip
        self.streams[f"{name}.window"] = self.dataflow.by_name[name].input
        return f"{name}.window"

    def _window_sums(self, operation: Operation, source: str) -> None:
        """A depthwise convolution by ones: FINN has no layer for it."""
        assert operation.window is not None
        channels = self.dataflow.by_name[operation.name].output.channels
        ones = np.ones((channels, 1, *operation.window.kernel))
        self._convolution(operation, source, operation.name, self.constant(f"{operation.name}.ones", ones, _ONE))

    def _convolution(self, operation: Operation, source: str, result: str, weights: str) -> None:
        """A depthwise one, channels first."""
        window, name = operation.window, operation.name
        assert window is not None
        channels = self.dataflow.by_name[name].input.channels // (window.kernel[0] * window.kernel[1])
        self.node("Transpose", [source], [f"{name}.channels_first"], perm=[0, 3, 1, 2])
        self.node(
            "Conv", [f"{name}.channels_first", weights], [f"{name}.filtered"], kernel_shape=list(window.kernel),
            strides=list(window.stride), dilations=list(window.dilation), group=channels,
        )  # fmt: skip
        self.node("Transpose", [f"{name}.filtered"], [result], perm=[0, 2, 3, 1])

    def _depthwise(self, operation: Operation, source: str) -> None:
        """What FINN has a layer for is a product by a sparse matrix, which it is told to be one."""
        layer, name = self.dataflow.by_name[operation.name], operation.name
        int_type, result = IntType.parse(str(layer.attributes["weight_type"])), name
        assert operation.weights is not None and operation.window is not None
        if operation.thresholds is not None:
            result = f"{name}.sums"
            self.streams[result] = Stream(layer.output.shape, IntType.parse(str(layer.attributes["acc_type"])))
        if _finn_multiplies(operation):
            rows, channels = layer.tensors["weights"], layer.output.channels
            sparse = np.zeros((*rows.shape, channels), dtype=np.int64)
            sparse[:, np.arange(channels), np.arange(channels)] = rows
            weights = self.constant(f"{name}.weights", sparse.reshape(-1, channels), int_type)
            self.kernels[weights] = operation.window.kernel
            self.node("MatMul", [source, weights], [result])
        else:
            self._convolution(operation, source, result, self.constant(f"{name}.weights", operation.weights, int_type))
        if operation.thresholds is not None:
            self._thresholds(operation, result, fused=False)

    def _weighted_sum(self, operation: Operation) -> None:
        """Products by constants, and their sum; FINN has layers for both."""
        name, layer = operation.name, self.dataflow.by_name[operation.name]
        products = []
        for port, (source, factor) in enumerate(zip(operation.sources, layer.numbers("factors"), strict=True)):
            if factor == 1:
                products.append(source)
                continue
            constant = self.constant(
                f"{name}.factor{port}", np.array([factor]), IntType.holding(min(factor, 0), factor)
            )
            products.append(f"{name}.product{port}")
            self.node("Mul", [source, constant], products[-1:])
        for port, product in enumerate(products[1:], start=1):
            result = name if port == len(products) - 1 else f"{name}.sum{port}"
            self.node("Add", [products[0], product], [result])
            products[0] = result

    def _pixel_shuffle(self, layer: Layer, source: str) -> None:
        """ONNX's own operator has the channels first; FINN has no layer for it."""
        (height, width, _), (rows, columns) = layer.input.shape, layer.numbers("factors")
        shapes = {"blocks": (1, height, width, rows, columns, -1), "pixels": (1, *layer.output.shape)}
        blocks, pixels = (self.constant(f"{layer.name}.{key}", np.array(shape)) for key, shape in shapes.items())
        self.node("Reshape", [source, blocks], [f"{layer.name}.in_blocks"])
        self.node("Transpose", [f"{layer.name}.in_blocks"], [f"{layer.name}.in_rows"], perm=[0, 1, 3, 2, 4, 5])
        self.node("Reshape", [f"{layer.name}.in_rows", pixels], [layer.name])

    def _matrix(self, operation: Operation, source: str) -> None:
        layer, name = self.dataflow.by_name[operation.name], operation.name
        int_type = IntType.parse(str(layer.attributes["weight_type"]))
        weights = self.constant(f"{name}.weights", matrix_of(operation), int_type)
        if operation.thresholds is None:
            self.node("MatMul", [source, weights], [name])
            return
        self.streams[f"{name}.sums"] = Stream(layer.output.shape, IntType.parse(str(layer.attributes["acc_type"])))
        self.node("MatMul", [source, weights], [f"{name}.sums"])
        self._thresholds(operation, f"{name}.sums", fused=True)

    def _thresholds(self, operation: Operation, source: str, fused: bool) -> None:
        """FINN fuses a bipolar quantizer only as 2 * step - 1, and takes a stand-alone one only as the step itself."""
        int_type, levels = operation.out_type, operation.thresholds
        assert int_type is not None and levels is not None
        held = IntType.holding(int(levels.min()), int(levels.max()))
        constant = self.constant(f"{operation.name}.thresholds", levels, held)
        scale, bias = (
            (2.0, -1.0) if int_type.bipolar and fused else (1.0, 0.0 if int_type.bipolar else float(int_type.min))
        )
        self.node(
            "MultiThreshold", [source, constant], [operation.name], domain=_QONNX, out_dtype=str(finn_type(int_type)),
            out_scale=scale, out_bias=bias, data_layout="NHWC",
        )  # fmt: skip
