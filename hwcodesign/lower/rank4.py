"""Makes every tensor of the data path a map (1, channels, height, width), so that one path leads through the compiler.

A fully connected layer is a convolution whose kernel covers its whole input. PyTorch flattens in the order channel,
row, column; a convolution's kernel keeps that order, and no weight moves. What cannot be rewritten stays as it is: the
walk over the graph reports it together with everything else.
"""

from math import prod

import numpy as np
from onnx import NodeProto, helper
from qonnx.core.modelwrapper import ModelWrapper

from hwcodesign.lower.read import QUANTIZERS

_FLATTENS = ("Flatten", "Reshape", "Squeeze")
_ELEMENTWISE = ("Add", "Sub", "Mul", "Div", "Relu", "BatchNormalization", "Identity", "Dropout", *QUANTIZERS)


def as_maps(model: ModelWrapper) -> None:
    """Drop every flatten, and turn MatMul and Gemm by constant weights into Conv, in place.

    Averages over a whole map become GlobalAveragePool. Recorded shapes are those of before: infer them again.
    """
    for node in list(model.graph.node):
        if node.op_type in ("AveragePool", "ReduceMean") and _averages_map(model, node):
            replace(model, node, helper.make_node("GlobalAveragePool", node.input[:1], node.output, name=node.name))
    for node in list(model.graph.node):
        if node.op_type in _FLATTENS and _flattens(model, node):
            drop(model, node)
    for node in list(model.graph.node):
        if node.op_type in _ELEMENTWISE and _computes_vector(model, node):
            _align_parameters(model, node)
        if node.op_type in ("MatMul", "Gemm"):
            _to_convolution(model, node)


def drop(model: ModelWrapper, node: NodeProto) -> None:
    """Remove `node`; whoever read its output, the graph's output included, now reads its first input."""
    source, gone = node.input[0], node.output[0]
    producer = model.find_producer(source)
    is_output = gone == model.graph.output[0].name
    readers = model.find_consumers(source if is_output else gone) or []
    model.graph.node.remove(node)
    if is_output:
        assert producer is not None, "a graph that only reshapes"
        producer.output[0] = gone
        source, gone = gone, source
    for reader in readers:
        for port, name in enumerate(reader.input):
            if name == gone:
                reader.input[port] = source


def replace(model: ModelWrapper, node: NodeProto, *others: NodeProto) -> None:
    """Put `others` where `node` is."""
    position = list(model.graph.node).index(node)
    model.graph.node.remove(node)
    for offset, other in enumerate(others):
        other.metadata_props.extend(node.metadata_props)
        model.graph.node.insert(position + offset, other)


def _averages_map(model: ModelWrapper, node: NodeProto) -> bool:
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    shape = model.get_tensor_shape(node.input[0])
    if shape is None or len(shape) != 4:
        return False
    if node.op_type == "ReduceMean":  # its axes are an attribute, or since opset 18 an input
        given = model.get_initializer(node.input[1]) if len(node.input) > 1 else None
        axes = attributes.get("axes", []) if given is None else given.tolist()
        return sorted(axis % 4 for axis in axes) == [2, 3]
    return list(attributes["kernel_shape"]) == shape[2:] and not any(attributes.get("pads", [0]))


def _flattens(model: ModelWrapper, node: NodeProto) -> bool:
    before, after = model.get_tensor_shape(node.input[0]), model.get_tensor_shape(node.output[0])
    return before is not None and after is not None and list(after) == [1, prod(before)]


def _computes_vector(model: ModelWrapper, node: NodeProto) -> bool:
    shape = model.get_tensor_shape(node.output[0])
    constant = all(model.get_initializer(name) is not None for name in node.input)
    return shape is not None and len(shape) == 2 and not constant


def _align_parameters(model: ModelWrapper, node: NodeProto) -> None:
    """Parameters of one value per feature, (F,) or (1, F), become (1, F, 1, 1), to broadcast over a map."""
    if node.op_type == "BatchNormalization":
        return
    for name in node.input:
        value = model.get_initializer(name)
        if value is not None and value.size > 1:
            model.set_initializer(name, value.reshape(1, -1, 1, 1))


def map_shape(model: ModelWrapper, tensor: str) -> tuple[int, int, int]:
    """(channels, height, width) of a tensor that was a vector until its flatten was dropped."""
    shape = model.get_tensor_shape(tensor)
    producer = model.find_producer(tensor)
    if len(shape) == 4:
        return shape[1], shape[2], shape[3]
    if producer is not None and producer.op_type in _ELEMENTWISE:
        data = next(name for name in producer.input if model.get_initializer(name) is None)
        return map_shape(model, data)
    return shape[1], 1, 1


def _to_convolution(model: ModelWrapper, node: NodeProto) -> None:
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if attributes.get("transA", 0) or attributes.get("alpha", 1.0) != 1.0 or attributes.get("beta", 1.0) != 1.0:
        return
    quantizer = model.find_producer(node.input[1])
    weights = node.input[1] if quantizer is None else quantizer.input[0]
    if model.get_initializer(weights) is None or model.get_initializer(weights).ndim != 2:
        return
    channels, height, width = map_shape(model, node.input[0])
    outputs_first = bool(attributes.get("transB", 0))
    for name in [weights] if quantizer is None else quantizer.input:
        value = model.get_initializer(name)
        if value.ndim == 2 and value.size > 1:
            rows = value if outputs_first else value.T
            model.set_initializer(name, _kernel(rows, channels, height, width))
    convolution = helper.make_node(
        "Conv",
        list(node.input),
        list(node.output),
        name=node.name,
        kernel_shape=[height, width],
        strides=[1, 1],
        pads=[0, 0, 0, 0],
        dilations=[1, 1],
        group=1,
    )
    replace(model, node, convolution)


def _kernel(rows: np.ndarray, channels: int, height: int, width: int) -> np.ndarray:
    """Weights (outputs, inputs) as (outputs, C, H, W); scales (outputs, 1) as (outputs, 1, 1, 1)."""
    return rows.reshape(len(rows), 1, 1, 1) if rows.shape[1] == 1 else rows.reshape(-1, channels, height, width)
