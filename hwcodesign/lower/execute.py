"""The two graphs that are not ours, run by others' code: a QONNX file by QONNX, and FINN's hardware graph by FINN.

Both work in float32, node by node. The file is quick, many frames at once; FINN's layers take seconds for one frame.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hwcodesign.lower.environment import finn_environment

_BATCH = 128
_OF_ONE_BATCH = ("Reshape", "Expand")  # they may name the batch that the file was exported with
_HOSTS = ("Softmax", "LogSoftmax", "Sigmoid", "ArgMax", "TopK")


class QonnxFile:
    """The file itself, as it was given (input: integers times `input_scale`).

    An integer score times `score_step`, plus `score_bias`, is the real one; one number, or one for each class.
    """

    def __init__(
        self,
        path: Path,
        score_step: float | np.ndarray,
        score_bias: float | np.ndarray = 0.0,
        input_scale: float = 1.0,
        output: str | None = None,
    ) -> None:
        """Raises UserError if `path` is no quantized network."""
        from hwcodesign.lower.read import read_network

        self._network = read_network(path, output)
        with finn_environment():
            self._model = _executable(path)
        self._step, self._bias, self._scale = score_step, score_bias, input_scale
        self._batch = 1
        self._most = 1 if {node.operator for node in self._network.nodes} & set(_OF_ONE_BATCH) else _BATCH

    def scores(self, frames: np.ndarray, on_frames: Callable[[int], None]) -> np.ndarray:
        """int64 (frames, classes), rounded to the steps of the reference, of `frames` (frames, H, W, C)."""
        found = []
        for start in range(0, len(frames), self._most):
            part = frames[start : start + self._most]
            real = self._run(part)[self._last].reshape(len(part), -1).astype(np.float64)
            found.append(np.rint((real - self._bias) / self._step).astype(np.int64))
            on_frames(min(start + self._most, len(frames)))
        return np.concatenate(found)

    def levels(self, frame: np.ndarray) -> Mapping[str, np.ndarray]:
        """Of one frame (H, W, C), what every quantizer of activations gives, as integers, by the layer's name."""
        values = self._run(frame[None])
        constants = self._network.constants
        found = {}
        for node in self._network.nodes:
            quantizes = node.operator in ("Quant", "IntQuant", "BipolarQuant") and node.inputs[0] not in constants
            if quantizes and node.inputs[1] in constants and constants[node.inputs[1]].size == 1:
                level = values[node.outputs[0]][0] / constants[node.inputs[1]]
                found[node.layer] = np.rint(level).astype(np.int64).reshape(level.shape[-3:]).transpose(1, 2, 0)
        return found

    @property
    def _last(self) -> str:
        """The tensor of the real scores, before the functions at the end that the host computes."""
        makers = {node.outputs[0]: node for node in self._network.nodes}
        tensor = self._network.output
        while tensor in makers and makers[tensor].operator in (*_HOSTS, "Cast", "Squeeze", "Flatten", "Identity"):
            tensor = makers[tensor].inputs[0]
        return tensor

    def _run(self, frames: np.ndarray) -> Mapping[str, np.ndarray]:
        """All tensors of the graph."""
        from qonnx.core.onnx_exec import execute_onnx

        self._set_batch(len(frames))
        order = (0, 1, 2, 3) if self._network.channels_last else (0, 3, 1, 2)
        sides = self._network.input_shape[1:]
        real = (frames.transpose(order) * self._scale).astype(np.float32).reshape(len(frames), *sides)
        with finn_environment():
            found: Mapping[str, np.ndarray] = execute_onnx(
                self._model, {self._network.input: np.ascontiguousarray(real)}, True
            )
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
    """QONNX's wrapper of the file with a batch of 1 and all shapes worked out."""
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.transformation.change_batchsize import ChangeBatchSize
    from qonnx.transformation.general import RemoveStaticGraphInputs
    from qonnx.transformation.infer_shapes import InferShapes

    from hwcodesign.core.onnx_file import load_model

    model = ModelWrapper(load_model(path))
    for node in model.graph.node:
        if node.domain == "onnx.brevitas":
            node.domain = "qonnx.custom_op.general"
    if model.get_tensor_shape(model.graph.input[0].name)[0] != 1:
        model = model.transform(ChangeBatchSize(1), cleanup=False)
    del model.graph.value_info[:]
    for step in (RemoveStaticGraphInputs(), InferShapes()):
        model = model.transform(step, cleanup=False)
    return model


class FinnGraph:
    """FINN's hardware layers, lowered.onnx, as FINN computes them."""

    def __init__(self, path: Path) -> None:
        from qonnx.core.modelwrapper import ModelWrapper

        with finn_environment():
            self._model = ModelWrapper(str(path))

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
