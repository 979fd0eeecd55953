"""An ONNX or QONNX file as a graph of shapes: what `onnx_costs` counts on. The only module here that imports onnx."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import onnx
import onnx.reference

from hwcodesign.core.errors import UserError
from hwcodesign.core.layer_name import layer_name as path_of
from hwcodesign.core.onnx_file import load_model

_STANDARD_DOMAINS = ("", "ai.onnx")
_MOST_NUMBERS = 100_000  # of a constant from which a shape is computed
_OF_SHAPES = (  # operators that a shape is computed with
    "Add", "Cast", "Concat", "Constant", "ConstantOfShape", "Div", "Gather", "Identity", "Mul", "Neg", "Reshape",
    "Shape", "Slice", "Squeeze", "Sub", "Transpose", "Unsqueeze",
)  # fmt: skip
_SHAPED = ("Pad", "Reshape", "Slice", "Expand", "Resize", "Unsqueeze", "Squeeze", "Tile", "ReduceMean")


@dataclass(frozen=True)
class OnnxGraph:
    """The nodes of a file with one image input, whose first axis is the batch, and the shape of every tensor."""

    path: Path
    graph: Any
    shapes: dict[str, tuple[int, ...]]
    image: str

    @cached_property
    def constants(self) -> set[str]:
        """Tensors that depend on no input: weights, also those that go through a quantizer first."""
        return _constants(self.graph)

    @cached_property
    def producers(self) -> dict[str, Any]:
        """The node that makes each tensor."""
        return {name: node for node in self.graph.node for name in node.output}

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of tensor `name`. Raises UserError if it could not be inferred."""
        if name not in self.shapes:
            node = self._first_unknown(name)
            where = f"what {node.op_type} in {layer_name(self, node, 0)} gives" if node else f"the tensor {name!r}"
            raise UserError(f"{self.path}: the shape of {where} cannot be worked out from the file: "
                            "onnxsim may do it")  # fmt: skip
        return self.shapes[name]

    def _first_unknown(self, name: str) -> Any:
        """Of the nodes that lead to tensor `name`, the first whose output has no known shape; None for an input."""
        node, seen = self.producers.get(name), {name}
        while node is not None:
            before = [x for x in node.input if x and x not in self.shapes and x in self.producers and x not in seen]
            if not before:
                break
            seen.add(before[0])
            node = self.producers[before[0]]
        return node

    def image_shape(self, name: str) -> tuple[int, ...]:
        """The shape of one image's values: (height, width, channels), or without the batch axis if it is no feature
        map.

        That axis need not be the first: a transformer may work on (sequence, batch, features). Where none is as long as
        the batch, it is part of a longer one, which is then the share of an image.
        """
        shape, batch = self.shape(name), self.shape(self.image)[0]
        if len(shape) == 4 and shape[0] == batch:
            return (*shape[2:], shape[1])
        if batch in shape:
            axis = shape.index(batch)
            return (*shape[:axis], *shape[axis + 1 :])
        shared = next((axis for axis, side in enumerate(shape) if side % batch == 0), None)
        return shape if shared is None else (*shape[:shared], shape[shared] // batch, *shape[shared + 1 :])

    def readers(self, name: str) -> list[Any]:
        """The nodes that read tensor `name`."""
        return [node for node in self.graph.node if name in node.input]


def read_graph(path: Path, shape: Sequence[int] | None = None) -> OnnxGraph:
    """Read `path`; `shape`, if given, is that of its input, batch first.

    Raises UserError if the file is no ONNX, has no image input, or an axis without a fixed size (and says which).
    """
    model = load_model(path)
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [tensor for tensor in model.graph.input if tensor.name not in constants]
    if len(inputs) != 1:
        raise UserError(f"{path}: one input is needed, but there are {len(inputs)}: {[t.name for t in inputs]}")
    _fix_shape(path, inputs[0], shape)
    inferred = _inferred(path, model, keep=shape is None)
    tensors = (*inferred.graph.input, *inferred.graph.value_info, *inferred.graph.output)
    shapes = {tensor.name: dims for tensor in tensors if (dims := _dims(tensor)) and all(dims)}
    shapes |= {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    return OnnxGraph(path, model.graph, shapes, inputs[0].name)


def layer_name(graph: OnnxGraph, node: Any, number: int) -> str:
    """A node's PyTorch path: that of its weights, which is whole, or as `run` says it; else its type and number.

    /pool1/MaxPool is pool1; a convolution with the weights fire2.squeeze.weight, quantized or not, is fire2.squeeze,
    also where it is called /squeeze_1/Conv; the sum /fire3/Add is fire3.add.
    """
    quantizers = [graph.producers[name] for name in node.input[1:2] if name in graph.producers]
    sources = [*node.input[1:2], *(name for quantizer in quantizers for name in quantizer.input[:1])]
    weights = [name.removesuffix(".weight") for name in sources if name.endswith(".weight")]
    if weights:
        return str(weights[0])
    named = "/" in node.name.strip("/") or bool(node.metadata_props)
    return path_of(node) if named else f"{node.op_type}_{number}"


def _fix_shape(path: Path, tensor: Any, shape: Sequence[int] | None) -> None:
    axes = tensor.type.tensor_type.shape.dim
    if shape is not None:
        if len(shape) != len(axes):
            raise UserError(f"--shape {'x'.join(map(str, shape))} has {len(shape)} axes, but the input {tensor.name!r} "
                            f"of {path} has {len(axes)}")  # fmt: skip
        for axis, size in zip(axes, shape, strict=True):
            axis.dim_value = size
    for number, axis in enumerate(axes):
        if not axis.dim_value:
            name = f" ({axis.dim_param})" if axis.dim_param else ""
            example = "x".join(str(a.dim_value or (1 if n == 0 else 224)) for n, a in enumerate(axes))
            raise UserError(f"{path}: axis {number}{name} of the input {tensor.name!r} has no fixed size; "
                            f"say which with --shape, such as --shape {example}")  # fmt: skip


def _inferred(path: Path, model: Any, keep: bool) -> Any:
    """The model with inferred shapes. Quantizers (QONNX, FINN) keep a shape, which ONNX's own inference does not know.

    Unless `keep`, the shapes that the file states inside are dropped: they belong to another input.
    """
    plain = onnx.ModelProto()
    plain.CopyFrom(model)
    if not keep:
        del plain.graph.value_info[:]
        for tensor in plain.graph.output:
            tensor.type.tensor_type.ClearField("shape")
    for node in plain.graph.node:
        if node.domain not in _STANDARD_DOMAINS:
            node.op_type, node.domain = "Identity", ""
            del node.input[1:], node.attribute[:]
    _fold_shapes(path, plain)
    try:
        return onnx.shape_inference.infer_shapes(plain, strict_mode=True, data_prop=True)
    except onnx.shape_inference.InferenceError as error:
        raise UserError(f"{path}: its shapes contradict each other: {str(error).splitlines()[-1]}") from None


def _fold_shapes(path: Path, model: Any) -> None:
    """Work out, as initializers, the constants from which nodes take shapes: PyTorch computes paddings in the graph."""
    known = {tensor.name for tensor in model.graph.initializer}
    constants = _constants(model.graph) - known
    wanted = {name for node in model.graph.node if node.op_type in _SHAPED for name in node.input[1:]} & constants
    if not wanted:
        return
    part = onnx.ModelProto()
    part.CopyFrom(model)
    del part.graph.node[:], part.graph.input[:], part.graph.output[:], part.graph.value_info[:]
    del part.graph.initializer[:]
    needed = set(wanted)
    for node in reversed(model.graph.node):
        if needed & set(node.output):
            needed |= set(node.input)
    part.graph.node.extend(node for node in model.graph.node if needed & set(node.output))
    part.graph.initializer.extend(tensor for tensor in model.graph.initializer if tensor.name in needed)
    part.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in sorted(wanted))
    values = _evaluated(path, part)
    folded = (onnx.numpy_helper.from_array(v, name) for v, name in zip(values, sorted(wanted), strict=True))
    kept = [node for node in model.graph.node if not set(node.output) & wanted]
    del model.graph.node[:]
    model.graph.node.extend(kept)
    model.graph.initializer.extend(folded)


def _evaluated(path: Path, part: Any) -> list[Any]:
    """The outputs of a model without inputs. Raises UserError if it is more than the few numbers of a shape."""
    known = {tensor.name: tensor for tensor in part.graph.initializer}
    large = [tensor.name for tensor in part.graph.initializer if math.prod(tensor.dims) > _MOST_NUMBERS]
    for node in part.graph.node:
        if node.op_type not in _OF_SHAPES:
            raise UserError(f"{path}: a shape in it is computed by {node.op_type}; run it through onnxsim")
        if node.op_type == "ConstantOfShape":
            shape = known.get(node.input[0])
            if shape is None or math.prod(onnx.numpy_helper.to_array(shape).tolist()) > _MOST_NUMBERS:
                large.append(node.output[0])
        elif node.op_type == "Constant" and node.attribute[0].name == "value":
            known[node.output[0]] = node.attribute[0].t
    try:
        inferred = onnx.shape_inference.infer_shapes(part, strict_mode=True, data_prop=True)
        large += [t.name for t in inferred.graph.value_info if math.prod(_dims(t)) > _MOST_NUMBERS]
        if not large:
            values: list[Any] = onnx.reference.ReferenceEvaluator(part).run(None, {})
            return values
    except Exception as error:  # each operator has its own words for what it cannot compute
        raise UserError(f"{path}: a shape in it cannot be computed: {str(error).splitlines()[-1]}") from None
    raise UserError(f"{path}: the constant {large[0]!r}, from which a shape is computed, is no shape; "
                    "run it through onnxsim")  # fmt: skip


def _constants(graph: Any) -> set[str]:
    known = {tensor.name for tensor in graph.initializer}
    for node in graph.node:
        if all(name in known for name in node.input if name):
            known.update(node.output)
    return known


def _dims(tensor: Any) -> tuple[int, ...]:
    return tuple(axis.dim_value for axis in tensor.type.tensor_type.shape.dim)
