"""Integer types and the typed graph."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.core.errors import UserError
from hwcodesign.core.score_map import ScoreMap
from hwcodesign.dataflow import Dataflow, Edge, IntType, Layer, Stream

TYPES = st.builds(IntType, st.integers(1, 62), st.booleans())


@given(TYPES)
def test_a_type_survives_its_text(kind: IntType) -> None:
    assert IntType.parse(str(kind)) == kind


@given(TYPES, st.integers(0, 2**62))
def test_decode_inverts_encode(kind: IntType, seed: int) -> None:
    span = kind.max - kind.min
    values = np.array([kind.min, kind.max, kind.min + seed % (span + 1)])
    if kind.bipolar:
        values = values[values != 0]
    codes = kind.encode(values)
    assert codes.min() >= 0 and codes.max() < 2**kind.bits
    assert np.array_equal(kind.decode(codes), values)


@given(st.integers(-(2**40), 2**40), st.integers(0, 2**40))
def test_holding_is_the_narrowest(low: int, span: int) -> None:
    kind = IntType.holding(low, low + span)
    assert kind.min <= low and low + span <= kind.max and not kind.bipolar
    if kind.bits > (2 if kind.signed else 1):
        narrower = IntType(kind.bits - 1, kind.signed)
        assert low < narrower.min or low + span > narrower.max


def small_graph() -> Dataflow:
    pixels = Stream((2, 2, 3), IntType(8, False))
    scores = Stream((2, 2, 3), IntType(2, False))
    threshold = Layer("q", "thresholding", (pixels,), (scores,), {"thresholds": 3}, {"thresholds": np.ones((3, 3))})
    fork = Layer("q.fork", "fork", (scores,), (scores, scores))
    total = Layer("sum", "add", (scores, scores), (Stream((2, 2, 3), IntType(3, False)),))
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


def test_files_of_an_earlier_version_are_refused(tmp_path: Path) -> None:
    small_graph().save(tmp_path)
    text = (tmp_path / "dataflow.json").read_text()
    (tmp_path / "dataflow.json").write_text(text.replace('"score_map"', '"meaning"'))
    with pytest.raises(UserError, match="earlier version"):
        Dataflow.load(tmp_path)


def test_edges_come_by_port() -> None:
    graph = small_graph()
    assert [e.source_port for e in graph.edges_from("q.fork")] == [0, 1]
    assert [e.target_port for e in graph.edges_into("sum")] == [0, 1]
