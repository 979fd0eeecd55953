"""The chain: a file in float64 = our integers = FINN's own execution, for networks from elsewhere."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hwcodesign.dataflow import Dataflow, IntType
from hwcodesign.graph import interpreter
from hwcodesign.lower import Lowered, lower
from tests.lower import elsewhere, float64

CASES = [(network, widths) for network in elsewhere.NETWORKS for widths in elsewhere.WIDTHS]


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def lowered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Lowered]:
    folder = tmp_path_factory.mktemp("lower")
    elsewhere.export(*request.param, folder / "model.onnx")
    return folder, lower(folder / "model.onnx", folder)


def _frames(graph: Dataflow, count: int) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (count, *graph.input.shape), dtype=np.uint8)


def test_integers_equal_the_file_in_float64(lowered: tuple[Path, Lowered]) -> None:
    folder, made = lowered
    graph, frames = made.dataflow, _frames(made.dataflow, 300)
    real = frames.transpose(0, 3, 1, 2) * graph.contract["input_scale"]
    scores = float64.evaluate(str(folder / "model.onnx"), real) / graph.score_map.scale[0]
    expected = np.rint(scores).astype(np.int64)
    assert np.abs(scores - expected).max() < 1e-9  # they are integers, but for float64's own last digits
    results = interpreter.run(graph, frames)
    assert np.array_equal(results[:, :-1], expected)
    assert np.array_equal(results[:, -1], expected.argmax(axis=1))
    assert len(np.unique(expected, axis=0)) > 10  # and the images are told apart


def test_integers_equal_finns_own_execution(lowered: tuple[Path, Lowered]) -> None:
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx

    folder, made = lowered
    model = ModelWrapper(str(folder / "lowered.onnx"))
    frames = _frames(made.dataflow, 2)
    for frame, result in zip(frames, interpreter.run(made.dataflow, frames), strict=True):
        tensors = {model.graph.input[0].name: frame[None].astype(np.float32)}
        found = execute_onnx(model, tensors, return_full_exec_context=True)
        scores = found[model.graph.node[-1].input[0]].ravel()
        assert np.array_equal(scores, result[:-1])
        assert found[model.graph.output[0].name].item() == result[-1]


def test_what_was_written_is_what_was_returned(lowered: tuple[Path, Lowered]) -> None:
    folder, made = lowered
    again = Dataflow.load(folder)
    assert again == made.dataflow
    for layer in made.dataflow.layers:
        assert {key: value.tolist() for key, value in layer.tensors.items()} == {
            key: value.tolist() for key, value in again.by_name[layer.name].tensors.items()
        }


def test_no_accumulator_has_a_bit_too_many(lowered: tuple[Path, Lowered]) -> None:
    for layer in lowered[1].dataflow.layers:
        if layer.kind == "mvau":
            weights, kind = layer.tensors["weights"], layer.input.type
            low, high = (-1, 1) if kind.bipolar else (kind.min, kind.max)
            sums = np.where(weights > 0, weights * high, weights * low).sum(axis=0)
            floors = np.where(weights > 0, weights * low, weights * high).sum(axis=0)
            most = max(int(sums.max()), int(layer.tensors.get("thresholds", sums).max()))
            assert layer.attributes["acc_type"] == str(IntType.holding(min(-1, int(floors.min())), most))


def test_layers_keep_their_pytorch_paths(tmp_path: Path) -> None:
    elsewhere.export("residual", "w4a4", tmp_path / "model.onnx")
    names = [layer.name for layer in lower(tmp_path / "model.onnx", tmp_path).dataflow.layers]
    assert names == [
        "stem.window", "stem", "stem.fork", "squeeze", "squeeze.fork", "left", "right", "concat", "add",
        "add.quantizer", "maxpool.window", "maxpool", "head", "reducemean", "label_select",
    ]  # fmt: skip


@pytest.mark.parametrize("exporter", [{"dynamo": False, "opset_version": 18}, {"dynamo": True}])
def test_any_exporter_gives_the_same_hardware(exporter: dict[str, object], tmp_path: Path) -> None:
    made = []
    for name, options in (("one.onnx", {}), ("other.onnx", exporter)):
        elsewhere.export("residual", "w4a4", tmp_path / name, **options)
        made.append(lower(tmp_path / name, tmp_path).dataflow)
    frames = _frames(made[0], 50)
    assert np.array_equal(*(interpreter.run(graph, frames) for graph in made))
    names = [[layer.name for layer in graph.layers if layer.kind == "mvau"] for graph in made]
    assert names[0] == names[1] == ["stem", "squeeze", "left", "right", "head"]


def test_a_declared_input_scale_changes_what_a_pixel_means(tmp_path: Path) -> None:
    elsewhere.export("convolutional", "w4a4", tmp_path / "model.onnx")
    graph = lower(tmp_path / "model.onnx", tmp_path, IntType(4, signed=False), 1 / 15).dataflow
    frames = np.random.default_rng(0).integers(0, 16, (50, *graph.input.shape))
    scores = float64.evaluate(str(tmp_path / "model.onnx"), frames.transpose(0, 3, 1, 2) / 15)
    expected = np.rint(scores / graph.score_map.scale[0])
    assert graph.input.type == IntType(4, signed=False)
    assert np.array_equal(interpreter.run(graph, frames)[:, :-1], expected)


def test_finn_says_nothing_and_the_home_folder_stays_clean(tmp_path: Path) -> None:
    elsewhere.export("perceptron", "w2a2", tmp_path / "model.onnx")
    home = tmp_path / "home"
    home.mkdir()
    code = "import sys, pathlib, hwcodesign.lower as l; l.lower(*map(pathlib.Path, sys.argv[1:]))"
    command = [sys.executable, "-c", code, str(tmp_path / "model.onnx"), str(tmp_path)]
    environment = {"HOME": str(home), "PYTHONPATH": str(Path(interpreter.__file__).parents[2])}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "" and done.stderr == ""
    assert list(home.iterdir()) == []
