"""Reads an ONNX file into a `FileNetwork`: one clear error for what is none, or has nothing quantized in it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onnx import GraphProto, ModelProto, NodeProto, ValueInfoProto, helper, numpy_helper

from hwcodesign.core.errors import UserError
from hwcodesign.core.layer_name import layer_name
from hwcodesign.core.onnx_file import load_model
from hwcodesign.lower.connected import require_one_part, require_one_way
from hwcodesign.lower.file_network import FileNetwork, Node, leading_to
from hwcodesign.lower.parameter_names import path_by_parameters

QUANTIZERS = ("Quant", "IntQuant", "BipolarQuant", "Trunc", "QuantizeLinear", "DequantizeLinear", "MultiThreshold")
_EXPORT_HINT = "export it with brevitas.export.export_qonnx"


def read_network(path: Path, quantized: bool = True) -> FileNetwork:
    """The network in `path`: a quantized one, or else one in floating point.

    Raises UserError if the file is missing, empty, damaged, not ONNX, or without a quantizer (with one, if it is to be
    in floating point); if its graph has a circle or falls into parts; and if it has several inputs or outputs.
    """
    model = load_model(path)
    graph = model.graph
    _require_quantizers(graph, path, quantized)
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    frames = _only_input(graph, path)
    scores = _only_output(graph, path, quantized)
    require_one_way(graph, path)
    require_one_part(graph, frames.name, scores, path)
    makers = {name: node for node in graph.node for name in node.output}
    nodes = [_node(node, path_by_parameters(node, makers, constants)) for node in graph.node]
    return FileNetwork(
        path, leading_to(scores, nodes), constants, frames.name, _frame_shape(frames, path), scores, _batch(frames),
        {tensor.name: tuple(_sides(tensor)) for tensor in graph.value_info}, _opset(model),
    )  # fmt: skip


def _node(proto: NodeProto, path: str | None) -> Node:
    attributes = {attribute.name: _plain(helper.get_attribute_value(attribute)) for attribute in proto.attribute}
    channels_last = proto.domain.endswith("channels_last")
    layer = path or layer_name(proto)
    return Node(layer, proto.op_type, tuple(proto.input), tuple(proto.output), attributes, channels_last, proto)


def _plain(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _opset(model: ModelProto) -> int:
    return int(next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")))


def _require_quantizers(graph: GraphProto, path: Path, wanted: bool) -> None:
    found = {node.op_type for node in graph.node} & set(QUANTIZERS)
    if found and not wanted:
        raise UserError(f"{path} is quantized already ({', '.join(sorted(found))}): it goes in as it is, "
                        f"hwcodesign run --model {path} --board NAME")  # fmt: skip
    if wanted and not found:
        raise UserError(
            f"{path} has no quantizers (Quant, BipolarQuant, QuantizeLinear, ...): its arithmetic is in floating "
            f"point; quantize it (hwcodesign quantize --model {path} --data FOLDER), or train it with Brevitas layers "
            f"and {_EXPORT_HINT}"
        )


def _only_input(graph: GraphProto, path: Path) -> ValueInfoProto:
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [tensor for tensor in graph.input if tensor.name not in constants]
    if len(inputs) != 1:
        raise UserError(
            f"{path}: a network takes one input, and this one has {len(inputs)}: {_names(inputs)}; export it so that "
            "everything but the image is a constant"
        )
    return inputs[0]


def _only_output(graph: GraphProto, path: Path, quantized: bool) -> str:
    """The output's name. Of several, a quantized file's can be chosen from."""
    outputs = list(graph.output)
    if len(outputs) > 1 and not quantized:
        raise UserError(f"{path} has the outputs {_names(outputs)}: a float network has one; export it with that one "
                        "alone, or quantize it with Brevitas")  # fmt: skip
    if len(outputs) > 1:
        names = _quoted(outputs)
        raise UserError(
            f"{path} has {len(outputs)} outputs: choose one, --output {' or '.join(names)}, or have one's scores "
            f"behind the other's, --output {','.join(names)}"
        )
    return str(outputs[0].name)


def _quoted(tensors: Sequence[ValueInfoProto]) -> list[str]:
    return [str(tensor.name) for tensor in tensors]


def _names(tensors: Sequence[ValueInfoProto]) -> str:
    return ", ".join(_quoted(tensors)) or "none"


def _sides(tensor: ValueInfoProto) -> list[int]:
    """The axes of a tensor, 0 for one that the file leaves open; batch is 1."""
    sides = [int(axis.dim_value) for axis in tensor.type.tensor_type.shape.dim]
    return [1, *sides[1:]]


def _batch(tensor: ValueInfoProto) -> int:
    return int(tensor.type.tensor_type.shape.dim[0].dim_value) or 1


def _frame_shape(tensor: ValueInfoProto, path: Path) -> tuple[int, ...]:
    sides = _sides(tensor)
    if len(sides) not in (2, 3, 4) or min(sides[1:]) < 1:
        shown = ", ".join(axis.dim_param or str(axis.dim_value or "?") for axis in tensor.type.tensor_type.shape.dim)
        raise UserError(
            f"{path}: the input {tensor.name} has the shape ({shown}); allowed: fixed (1, channels, height, width), "
            "(1, channels, width) or (1, features), of which the first alone may be left open"
        )
    return tuple(sides)
