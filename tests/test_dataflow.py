"""The typed graph."""

from pathlib import Path

import numpy as np

from hwcodesign.dataflow import Dataflow, Edge, IntType, Layer, Stream


def small_graph() -> Dataflow:
    pixels = Stream((2, 2, 3), IntType(8, False))
    scores = Stream((2, 2, 3), IntType(2, False))
    threshold = Layer("q", "thresholding", (pixels,), (scores,), {"thresholds": 3}, {"thresholds": np.ones((3, 3))})
    fork = Layer("q.fork", "fork", (scores,), (scores, scores))
    total = Layer("sum", "add", (scores, scores), (Stream((2, 2, 3), IntType(3, False)),))
    edges = (Edge("q", "q.fork"), Edge("q.fork", "sum"), Edge("q.fork", "sum", 1, 1))
    return Dataflow((threshold, fork, total), edges, {"mean": 0.0, "divisor": 255.0, "score_scale": 0.5})


def test_a_graph_survives_its_files(tmp_path: Path) -> None:
    graph = small_graph()
    graph.validate()
    graph.save(tmp_path)
    again = Dataflow.load(tmp_path)
    assert again == graph
    assert np.array_equal(again.by_name["q"].tensors["thresholds"], np.ones((3, 3)))


def test_edges_come_by_port() -> None:
    graph = small_graph()
    assert [e.source_port for e in graph.edges_from("q.fork")] == [0, 1]
    assert [e.target_port for e in graph.edges_into("sum")] == [0, 1]
