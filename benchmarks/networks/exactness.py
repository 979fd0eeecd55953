"""A network from elsewhere against its own file: every score and class, and every score and class again in RTL."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx

from benchmarks.networks.float64_qonnx import run_float64
from hwcodesign.dataflow import Dataflow
from hwcodesign.emit.top_level import emit
from hwcodesign.fpga.board import load_board
from hwcodesign.graph import interpreter
from hwcodesign.plan import plan
from hwcodesign.plan.buffer_sizing import shrunk
from hwcodesign.verify.images import Images
from hwcodesign.verify.proofs import verify_hardware

Result = dict[str, Any]


def compared(graph: Dataflow, file: Path, frames: np.ndarray, scratch: Path) -> Result:
    """The integer graph's scores for `frames` (N, H, W, C) beside those of QONNX's executor on `file`.

    `differing_frames`; where the executor, which computes in float32, and the graph differ, ONNX's reference evaluator
    decides in float64, and `other_float32` counts those frames.
    """
    values = interpreter.run(graph, frames)
    shown = _without_function(file, scratch / f"{file.stem}.scores.onnx")
    inputs = _real_inputs(frames, shown, graph)
    scores = values[:, : graph.layers[-1].input.channels]
    real = _run_executor(shown, inputs)
    differs, result = _scores_differ(graph, scores, real), {}
    if differs.any():
        result["other_float32"] = int(differs.sum())
        real = run_float64(shown, inputs)
        differs = _scores_differ(graph, scores, real)
    return result | {"differing_frames": int((differs | _classes_differ(values, real)).sum())}


def simulated(graph: Dataflow, frames: np.ndarray, board: str, frame_rate: float | None, scratch: Path) -> Result:
    """Plan, emit and simulate in Verilator; how many frames differ from the integer graph in any score or class."""
    chip = load_board(board)
    made = shrunk(plan(graph, chip, **({"frame_rate": frame_rate} if frame_rate else {})), chip)
    emit(made.design, made.foldings, made.storage, scratch / "emit")
    images = Images(frames, "random", scores=interpreter.run(graph, frames)[:, : graph.layers[-1].input.channels])
    none = images.first(0)
    found = verify_hardware(made, scratch / "emit", images, none, scratch / "simulate", False, lambda done: None)
    return {key: found.get(key) for key in ("images", "mismatches", "failure", "cycles_per_frame", "cycles_bound")}


def is_right(found: Result) -> bool:
    """Whether `simulated` has found every score and class right, at the planned pace (of nothing found, too)."""
    return not found.get("mismatches") and not found.get("failure")


def _real_inputs(frames: np.ndarray, file: Path, graph: Dataflow) -> np.ndarray:
    """What the file takes for integer frames, float32: channels first, in the shape that it declares."""
    axes = onnx.load(str(file), load_external_data=False).graph.input[0].type.tensor_type.shape.dim
    real = (frames * graph.contract["input_scale"]).astype(np.float32).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(real.reshape(len(frames), *(axis.dim_value for axis in axes[1:])))


def _without_function(file: Path, to: Path) -> Path:
    """The file with the scores before a softmax or sigmoid at the end, which the host computes, as its output."""
    model = onnx.load(str(file))
    makers = {node.output[0]: node for node in model.graph.node}
    output = model.graph.output[0]
    while output.name in makers and makers[output.name].op_type in ("Softmax", "Sigmoid"):
        node = makers[output.name]
        output.name = node.input[0]
        model.graph.node.remove(node)
    onnx.save(model, str(to))
    return to


def _run_executor(file: Path, inputs: np.ndarray) -> np.ndarray:
    """QONNX's executor, a frame at a time: real scores (N, classes), float32."""
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx
    from qonnx.transformation.infer_shapes import InferShapes

    model = ModelWrapper(str(file)).transform(InferShapes())
    name, output = model.graph.input[0].name, model.graph.output[0].name
    return np.stack([execute_onnx(model, {name: frame[None]})[output].reshape(-1) for frame in inputs])


def _scores_differ(graph: Dataflow, scores: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Which frames have a score whose real value is a quarter of a step or more from the file's."""
    step = np.abs(np.broadcast_to(graph.score_map.scale, scores.shape))
    tolerance = np.where(step > 0, step / 4, 1e-6 * np.maximum(1, np.abs(real)))
    wrong: np.ndarray = (np.abs(graph.score_map.affine(scores) - real) > tolerance).any(axis=1)
    return wrong


def _classes_differ(values: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Which frames have another class than the file's; where its two highest scores are all but equal, either is right.

    Of one score the class is the host's.
    """
    count = real.shape[1]
    if count == 1:
        return np.zeros(len(values), dtype=bool)
    chosen, best = np.take_along_axis(real, values[:, count : count + 1], axis=1)[:, 0], real.max(axis=1)
    differs: np.ndarray = best - chosen > 1e-6 * np.maximum(1, np.abs(best))
    return differs
