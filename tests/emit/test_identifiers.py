"""Identifiers: ASCII, bounded, distinct, nobody else's, and the layer's own name where that is possible."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.dataflow import Dataflow, Edge, IntType, Layer, Stream
from hwcodesign.emit.identifiers import LONGEST, identifiers, wires
from tests.graphs import tiny_squeezenet

STREAM = Stream((1, 1, 1), IntType(4, signed=False))


def named(*names: str, outputs: int = 1) -> Dataflow:
    """Layers of these names; the first has so many outputs."""
    layers = [Layer(name, "fifo", (STREAM,), (STREAM,), {"depth": 2}) for name in names]
    layers[0] = replace(layers[0], outputs=(STREAM,) * outputs)
    return Dataflow(tuple(layers), ())


@pytest.mark.parametrize(
    ("name", "expected"),
    [("fire2.squeeze", "fire2_squeeze"), ("3.pad", "layer_3_pad"), ("Conv_1", "Conv_1"), ("_x", "layer__x")],
)
def test_usual_names_are_kept(name: str, expected: str) -> None:
    assert identifiers(named(name)) == {name: expected}


@pytest.mark.parametrize(
    "name",
    [
        "größe", "x" * 300, "from_host", "to_host", "in_last", "out_last", "loader", "fork", "module", "probe_x",
        "日本",
        "x$(shell touch P)y",
        'x", __import__("os").system("touch P"), "', "x;exec touch P;#", "a b", "a\nb", "",
    ],
)  # fmt: skip
def test_others_are_cut_and_told_apart_by_a_digest(name: str) -> None:
    (identifier,) = identifiers(named(name)).values()
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*_[0-9a-f]{10}|[A-Za-z][A-Za-z0-9_]*", identifier)
    assert len(identifier) <= LONGEST and identifier != name
    assert identifiers(named(name)) == {name: identifier}


def test_names_that_would_become_one_stay_distinct() -> None:
    found = identifiers(named("a.b", "a_b", "a-b", "f_1", outputs=2))
    assert len(set(found.values())) == 4 and found["a.b"] == "a_b"
    forked = identifiers(named("f", "f.1", outputs=2))  # the second stream of f is f_1
    assert forked["f"] == "f" and forked["f.1"] != "f_1"


@given(st.lists(st.text(max_size=20), min_size=1, max_size=8, unique=True))
def test_whatever_the_names_are(names: list[str]) -> None:
    found = identifiers(named(*names))
    assert len(set(found.values())) == len(names)
    assert all(re.fullmatch("[A-Za-z][A-Za-z0-9_]*", identifier) for identifier in found.values())


def test_wires_are_called_by_their_source() -> None:
    graph = tiny_squeezenet()
    found, names = wires(graph), identifiers(graph)
    assert len(set(found.values())) == len(graph.edges)
    for edge in graph.edges:
        assert found[edge] == names[edge.source] + (f"_{edge.source_port}" if edge.source_port else "")
    assert found[Edge(*vars(graph.edges[0]).values())] == found[graph.edges[0]]
