"""A design that stands still: the layer that waits is named, from states as the probes leave them."""

from pathlib import Path

import pytest

from hwcodesign.dataflow import Dataflow, Edge
from hwcodesign.verify.standstill import StreamState, who_waits
from tests.graphs import tiny_squeezenet

DONE = StreamState(False, True, 10, 10)
WAITING = StreamState(False, True, 4, 10)
HELD = StreamState(True, False, 4, 10)


@pytest.fixture(scope="module")
def graph() -> Dataflow:
    return tiny_squeezenet()


def into(graph: Dataflow, layer: str) -> list[Edge]:
    return graph.edges_into(layer)


def test_a_join_that_waits_for_one_side_is_named_with_both(graph: Dataflow) -> None:
    """Everything before the held side stands, everything behind the join has nothing."""
    first, second = into(graph, "fire3.add")
    behind = [
        edge for name in ("fire3.add", "fire3.add.quantizer", "conv4", "global_pool") for edge in graph.edges_from(name)
    ]
    streams = dict.fromkeys(graph.edges, HELD) | dict.fromkeys(behind, WAITING) | {first: WAITING, second: HELD}
    said = who_waits(graph, streams)
    assert said == (
        f"layer fire3.add (add) waits for the stream {first.source} -> fire3.add (4 of 10 values passed), "
        f"and holds up the stream {second.source} -> fire3.add (4 of 10 values passed)"
    )


def test_a_layer_that_takes_nothing_and_gives_nothing_is_named(graph: Dataflow) -> None:
    (edge,) = into(graph, "fire2.squeeze")
    streams = dict.fromkeys(graph.edges, WAITING) | {edge: HELD}
    assert str(who_waits(graph, streams)).startswith("layer fire2.squeeze (mvau) gives nothing, and holds up")


def test_beats_that_were_lost_are_told_by_who_lost_them(graph: Dataflow) -> None:
    (edge,) = graph.edges_from("conv1")
    order = [layer.name for layer in graph.layers]
    behind = {e: WAITING for e in graph.edges if order.index(e.source) >= order.index("conv1")}
    said = who_waits(graph, dict.fromkeys(graph.edges, DONE) | behind)
    assert said == f"layer conv1 (mvau) gave only the stream conv1 -> {edge.target} (4 of 10 values passed)"


def test_a_design_that_is_done_waits_for_nobody(graph: Dataflow) -> None:
    assert who_waits(graph, dict.fromkeys(graph.edges, DONE)) is None


def test_the_probes_file(tmp_path: Path) -> None:
    (tmp_path / "a.state").write_text("1 0\n")
    assert StreamState.read(tmp_path / "a.state", 4, 10) == HELD
