"""The typed graph."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.core.score_map import ScoreMap
from hwcodesign.dataflow import Dataflow, Edge, Interval, IntType, Layer, Stream


def small_graph() -> Dataflow:
    pixels = Stream((2, 2, 3), IntType(8, False))
    scores = Stream((2, 2, 3), IntType(2, False))
    threshold = Layer("q", "thresholding", (pixels,), (scores,), {"thresholds": 3}, {"thresholds": np.ones((3, 3))})
    fork = Layer("q.fork", "fork", (scores,), (scores, scores))
    total = Layer("sum", "add", (scores, scores), (Stream((2, 2, 3), IntType(3, False), Interval(0, 6)),))
    edges = (Edge("q", "q.fork"), Edge("q.fork", "sum"), Edge("q.fork", "sum", 1, 1))
    scores_mean = ScoreMap.of(np.array([0.1, 0.2, 0.3]), np.array([1e-300, 0.0, -1.5]), "softmax")
    return Dataflow((threshold, fork, total), edges, {"mean": 0.0, "divisor": 255.0}, scores_mean)


def test_a_graph_survives_its_files(tmp_path: Path) -> None:
    graph = small_graph()
    graph.validate()
    graph.save(tmp_path)
    again = Dataflow.load(tmp_path)
    assert again == graph
    assert np.array_equal(again.by_name["q"].tensors["thresholds"], np.ones((3, 3)))


@pytest.mark.parametrize(("version", "age"), [(None, "an earlier"), (0, "an earlier"), (99, "a newer")])
def test_files_of_another_version_say_what_to_do(tmp_path: Path, version: int | None, age: str) -> None:
    small_graph().save(tmp_path)
    path = tmp_path / "dataflow.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": version}))
    with pytest.raises(UserError, match=f"dataflow.json was written by {age} version .*run again with --from"):
        Dataflow.load(tmp_path)


@pytest.mark.parametrize("name", ["dataflow.json", "dataflow.npz"])
@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[: len(data) // 2], lambda data: b"[]"])
def test_damaged_files_are_named(tmp_path: Path, name: str, damage: Callable[[bytes], bytes]) -> None:
    small_graph().save(tmp_path)
    (tmp_path / name).write_bytes(damage((tmp_path / name).read_bytes()))
    with pytest.raises(UserError, match=f"{name} is damaged .*--from"):
        Dataflow.load(tmp_path)


def test_edges_come_by_port() -> None:
    graph = small_graph()
    assert [e.source_port for e in graph.edges_from("q.fork")] == [0, 1]
    assert [e.target_port for e in graph.edges_into("sum")] == [0, 1]


def test_bounds_that_say_no_more_than_the_type_are_none() -> None:
    kind = IntType(4, False)
    assert (
        Stream((1, 1, 1), kind, Interval(0, 15)) == Stream((1, 1, 1), kind) != Stream((1, 1, 1), kind, Interval(0, 9))
    )
    with pytest.raises(AssertionError):
        Stream((1, 1, 1), kind, Interval(0, 16))


def test_layers_of_one_shape_are_bare_the_same() -> None:
    pixels, levels = Stream((2, 2, 3), IntType(8, False)), Stream((2, 2, 3), IntType(2, False))
    one, other, finer = (
        Layer(name, "thresholding", (pixels,), (levels,), {"thresholds": count}, {"thresholds": np.ones((3, count))})
        for name, count in (("a", 3), ("b", 3), ("c", 2))
    )
    assert one != other
    assert one.bare == other.bare != finer.bare
    assert hash(one.bare) == hash(other.bare)
    assert not one.bare.tensors
