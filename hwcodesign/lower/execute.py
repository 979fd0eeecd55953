"""The two graphs that are not ours, run by others' code: a QONNX file by QONNX, and FINN's hardware graph by FINN.

Both work in float32, node by node. The file is quick, many frames at once; FINN's layers take seconds for one frame.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hwcodesign.core.onnx_file import load_model
from hwcodesign.core.onnx_nodes import without_attributes
from hwcodesign.core.score_map import ScoreMap
from hwcodesign.lower.environment import finn_environment
from hwcodesign.lower.windows import whole_pads

_ENDINGS = ("Softmax", "LogSoftmax", "Hardmax", "ArgMax", "TopK")
_BETWEEN = ("Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Identity", "Cast")
_QUANTIZERS = ("Quant", "IntQuant", "BipolarQuant")


def affine_scores(graph: Any, score_map: ScoreMap) -> str:
    """The tensor of an ONNX graph that holds the scores before the functions that are left to the host."""
    makers = {output: node for node in graph.node for output in node.output}
    name = found = str(graph.output[0].name)
    while name in makers and makers[name].op_type in (*_ENDINGS, *_BETWEEN, "Sigmoid"):
        node = makers[name]
        name = str(node.input[0])
        if node.op_type in _ENDINGS or node.op_type.lower() == score_map.function:
            found = name
    return found


def channels_last_tensors(graph: Any) -> set[str]:
    """The tensors of an ONNX graph whose channels are their last axis: what QONNX's operators for that make and read.

    Between them nothing moves the axes but a Transpose. (An image that a file takes channels last and at once moves is
    one, too.)
    """
    last = {node.input[0] for node in graph.node if node.domain.endswith("channels_last")}
    last |= {node.output[0] for node in graph.node if node.domain.endswith("channels_last")}
    last |= {node.input[0] for node in graph.node if _axes_of(node) == [0, 3, 1, 2]}
    last |= {node.output[0] for node in graph.node if _axes_of(node) == [0, 2, 3, 1]}
    constants = {tensor.name for tensor in graph.initializer}
    for nodes, back in ((graph.node, False), (reversed(graph.node), True)):
        for node in (node for node in nodes if _axes_of(node) is None and node.op_type not in _RESHAPING):
            ends = (set(node.input), set(node.output))
            if ends[back] & last:
                last |= ends[not back]
    return last - constants


_RESHAPING = ("Flatten", "Reshape", "Squeeze", "Unsqueeze", "MatMul", "Gemm", "Constant", "Shape")


def _axes_of(node: Any) -> list[int] | None:
    return next((list(a.ints) for a in node.attribute if node.op_type == "Transpose" and a.name == "perm"), None)


def in_axes_of(graph: Any, tensor: Any, frames: np.ndarray) -> np.ndarray:
    """`frames` (N, H, W, C) with the axes of the graph's input `tensor`, but for N."""
    sides = [axis.dim_value for axis in tensor.type.tensor_type.shape.dim][1:]
    if len(sides) != 3 or tensor.name not in channels_last_tensors(graph):
        frames = frames.transpose(0, 3, 1, 2)
    return frames.reshape(len(frames), *sides)


class QonnxFile:
    """A QONNX file, run by QONNX: real input = integer * `input_scale`, and integer scores as `score_map` has them."""

    def __init__(self, path: Path, input_scale: float, score_map: ScoreMap, at_once: int) -> None:
        """`at_once`: frames in one batch; not every file takes more than one. Raises UserError if it is no ONNX."""
        with finn_environment():
            self._model = _executable(path)
        self._input_scale, self._score_map, self._at_once = input_scale, score_map, at_once
        self._batch = 1

    def scores(self, frames: np.ndarray, on_frames: Callable[[int], None] = lambda done: None) -> np.ndarray:
        """int64 (frames, classes), rounded to the steps of the reference, of `frames` (frames, H, W, C)."""
        found = []
        for start in range(0, len(frames), self._at_once):
            part = frames[start : start + self._at_once]
            tensors = self._run(part)[affine_scores(self._model.graph, self._score_map)]
            real = np.stack([self._score_map.in_order(tensor) for tensor in np.split(tensors, len(part))])
            found.append(np.rint(self._score_map.steps(real.astype(np.float64))).astype(np.int64))
            on_frames(min(start + self._at_once, len(frames)))
        return np.concatenate(found)

    def levels(self, frame: np.ndarray) -> Mapping[str, np.ndarray]:
        """Of one frame (H, W, C), what every quantizer of activations gives, as integers, by the layer's name."""
        from hwcodesign.core.layer_name import layer_name

        values = self._run(frame[None])
        constants = {tensor.name for tensor in self._model.graph.initializer}
        last = channels_last_tensors(self._model.graph)
        found = {}
        for node in self._model.graph.node:
            if node.op_type in _QUANTIZERS and node.input[0] not in constants and node.input[1] in constants:
                level = values[node.output[0]][0] / self._model.get_initializer(node.input[1])
                axes = level.shape[-3:]  # scales may have more axes than what they scale
                maps = np.rint(level).astype(np.int64).reshape(*axes, *(1,) * (3 - len(axes)))
                found[layer_name(node)] = maps if node.output[0] in last else maps.transpose(1, 2, 0)
        return found

    def _run(self, frames: np.ndarray) -> Mapping[str, np.ndarray]:
        """All tensors of the graph."""
        from qonnx.core.onnx_exec import execute_onnx

        self._set_batch(len(frames))
        frames_in = self._model.graph.input[0]
        pixels = (in_axes_of(self._model.graph, frames_in, frames) * self._input_scale).astype(np.float32)
        with finn_environment():
            found: Mapping[str, np.ndarray] = execute_onnx(self._model, {frames_in.name: pixels}, True)
        return found

    def _set_batch(self, count: int) -> None:
        from qonnx.transformation.change_batchsize import ChangeBatchSize
        from qonnx.transformation.infer_shapes import InferShapes

        if count != self._batch:
            with finn_environment():
                model = self._model.transform(ChangeBatchSize(count), cleanup=False)
                del model.graph.value_info[:]
                self._model, self._batch = model.transform(InferShapes(), cleanup=False), count


def _executable(path: Path) -> Any:
    """QONNX's wrapper of the file with a batch of 1, constant nodes as constants, and all shapes worked out."""
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.transformation.change_batchsize import ChangeBatchSize
    from qonnx.transformation.general import RemoveStaticGraphInputs
    from qonnx.transformation.infer_shapes import InferShapes

    model = ModelWrapper(load_model(path))
    _channels_first(model.graph)
    for node in model.graph.node:
        if node.domain == "onnx.brevitas":
            node.domain = "qonnx.custom_op.general"
    if model.get_tensor_shape(model.graph.input[0].name)[0] != 1:
        model = model.transform(ChangeBatchSize(1), cleanup=False)
    del model.graph.value_info[:]
    for step in (RemoveStaticGraphInputs(), InferShapes()):
        model = model.transform(step, cleanup=False)
    return _with_whole_windows(model)


def _with_whole_windows(model: Any) -> Any:
    """What ceil_mode adds to padded pools written as padding.

    ONNX's shapes count windows that begin behind the map, too, and no runtime computes those.
    """
    from onnx import helper
    from qonnx.transformation.infer_shapes import InferShapes

    for node in model.graph.node:
        given = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        if node.op_type != "MaxPool" or not given.get("ceil_mode") or not any(given.get("pads", ())):
            continue
        pads = whole_pads(given, model.get_tensor_shape(node.input[0])[2:])
        node.CopyFrom(without_attributes(node, "pads", "ceil_mode"))
        node.attribute.append(helper.make_attribute("pads", pads))
        del model.graph.value_info[:]
        return _with_whole_windows(model.transform(InferShapes(), cleanup=False))
    return model


def _channels_first(graph: Any) -> None:
    """QONNX's operators for channels that come last as ONNX's own between transpositions.

    QONNX can run its own only where the file declares the shapes of all tensors, and of those some are wrong.
    """
    from onnx import helper

    nodes = []
    for node in graph.node:
        if not node.domain.endswith("channels_last"):
            nodes.append(node)
            continue
        for port in range(2 if node.op_type == "Conv" else 1):  # of a Conv its weights, too
            moved = f"{node.output[0]}.{port}.first"
            nodes.append(helper.make_node("Transpose", [node.input[port]], [moved], perm=[0, 3, 1, 2]))
            node.input[port] = moved
        made, node.output[0], node.domain = node.output[0], f"{node.output[0]}.first", ""
        nodes += [node, helper.make_node("Transpose", [node.output[0]], [made], perm=[0, 2, 3, 1])]
    del graph.node[:]
    graph.node.extend(nodes)


class FinnGraph:
    """FINN's hardware layers, lowered.onnx, as FINN computes them."""

    def __init__(self, path: Path) -> None:
        from qonnx.core.modelwrapper import ModelWrapper

        with finn_environment():
            self._model = ModelWrapper(load_model(path))

    def scores(self, frames: np.ndarray, on_frames: Callable[[int], None]) -> np.ndarray:
        """int64 (frames, classes) of `frames` (frames, H, W, C)."""
        found = []
        for done, frame in enumerate(frames, 1):
            values = self._run(frame)
            last = self._model.graph.node[-1]
            found.append(values[last.input[0] if last.op_type in ("LabelSelect", "TopK") else last.output[0]].ravel())
            on_frames(done)
        return np.rint(found).astype(np.int64)

    def levels(self, frame: np.ndarray) -> Mapping[str, np.ndarray]:
        """None: FINN's tensors have generated names."""
        return {}

    def _run(self, frame: np.ndarray) -> Mapping[str, np.ndarray]:
        from qonnx.core.onnx_exec import execute_onnx

        with finn_environment():
            pixels = {self._model.graph.input[0].name: frame[None].astype(np.float32)}
            found: Mapping[str, np.ndarray] = execute_onnx(self._model, pixels, True)
        return found
