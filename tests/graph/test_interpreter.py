"""The integer reference over a graph, against numpy by hand."""

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Dataflow, IntType, Stream
from hwcodesign.graph import interpreter
from hwcodesign.graph.builder import Assembly
from hwcodesign.kinds import kind_of, mvau, thresholding
from tests.graphs import tiny_lenet, tiny_squeezenet

WEIGHTS = np.random.default_rng(0).integers(-7, 8, (3, 4))


def _graph() -> Dataflow:
    """Pixels through a matrix and beside it, summed over the feature map and put side by side."""
    assembly = Assembly("input", Stream((5, 4, 3), IntType(4, signed=False)))
    kind = IntType(4, signed=True)
    made = assembly.mvau(
        "matrix", "input", 4, out_type=None, weight_type=kind, acc_type=IntType(12, True), tensors={"weights": WEIGHTS}
    )
    total = assembly.add("twice", made, made)
    assembly.label_select(assembly.global_acc_pool("pool", total))
    return assembly.finish({})


def _frames(count: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 16, (count, 5, 4, 3), dtype=np.uint8)


def _scores(frames: np.ndarray) -> np.ndarray:
    return 2 * (frames.astype(np.int64) @ WEIGHTS).sum(axis=(1, 2))


@pytest.mark.parametrize("frames_at_once", [1, 3, 64])
def test_scores_then_class_whatever_the_batch(frames_at_once: int) -> None:
    frames = _frames(7)
    found = interpreter.run(_graph(), frames, frames_at_once)
    assert np.array_equal(found[:, :-1], _scores(frames))
    assert np.array_equal(found[:, -1], _scores(frames).argmax(axis=1))


def test_trace_gives_every_port_of_the_layers_asked_for() -> None:
    frames = _frames(5)
    found = interpreter.trace(_graph(), frames, ["matrix.fork", "pool"], 2)
    assert sorted(found) == ["matrix.fork", "pool"]
    assert len(found["matrix.fork"]) == 2
    for port in found["matrix.fork"]:
        assert np.array_equal(port, frames.astype(np.int64) @ WEIGHTS)
    assert np.array_equal(found["pool"][0][:, 0, 0], _scores(frames))


GRAPHS = {
    "squeezenet": tiny_squeezenet,
    "8 bits": lambda: tiny_squeezenet(8, "none", 2),
    "2 bits": lambda: tiny_squeezenet(2, "complex", 3),
    "lenet": tiny_lenet,
}


@pytest.mark.parametrize("name", GRAPHS)
def test_floating_point_and_guessed_thresholds_change_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = GRAPHS[name]()
    frames = np.random.default_rng(3).integers(0, 256, (60, *graph.input.shape), dtype=np.uint8)
    names = [layer.name for layer in graph.layers]
    fast = interpreter.trace(graph, frames, names)
    for module in (mvau, thresholding):  # sums in int64, and every threshold searched for
        monkeypatch.setattr(module, "exact_type", lambda largest: np.int64)
    slow = interpreter.trace(graph, frames, names)
    for layer in names:
        for ours, oracle in zip(fast[layer], slow[layer], strict=True):
            assert np.array_equal(ours, oracle) and ours.dtype == np.int64, layer
    assert len(np.unique(fast[names[-1]][0].reshape(60, -1), axis=0)) > 10


def test_a_stream_outside_of_its_type_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(kind_of("add")), "run", lambda kind, layer, inputs: [inputs[0] + 10**6])
    with pytest.raises(AssertionError, match="twice: 1000000 to"):
        interpreter.run(_graph(), np.zeros((1, 5, 4, 3), np.uint8))


def test_frames_outside_of_the_inputs_type() -> None:
    with pytest.raises(UserError, match="hold 0 to 16; this network takes 0 to 15"):
        interpreter.run(_graph(), np.full((1, 5, 4, 3), [0, 1, 16]))


def test_memory_bounds_the_batch_and_progress_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(interpreter, "BATCH_BYTES", 3 * 2 * 5 * 4 * 4)  # three of the largest stream
    found = interpreter.run(_graph(), _frames(7), on_frames=told.append)
    assert told == [3, 6, 7]
    assert np.array_equal(found[:, :-1], _scores(_frames(7)))


def test_no_frames() -> None:
    assert interpreter.run(_graph(), _frames(0)).shape == (0, 5)


def test_wrong_shape() -> None:
    with pytest.raises(UserError, match=r"\(5, 4, 2\).*takes \(5, 4, 3\)"):
        interpreter.run(_graph(), _frames(1)[..., :2])
