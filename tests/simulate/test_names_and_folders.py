"""A network whose layers are called anything, in a folder that is called anything: simulated, exact, and measured."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hwcodesign.dataflow import Dataflow, Edge
from hwcodesign.emit.top_level import emit
from hwcodesign.fpga.board import load_board
from hwcodesign.graph import interpreter
from hwcodesign.plan import plan
from hwcodesign.simulate import network, utilisation
from tests.graphs import tiny_squeezenet

NAMES = (
    "from_host", "größe", "x" * 300, "a.b", "a_b", "a-b", "in_last", "out_last", "fork", "日本", "$(touch P)",
    "x;touch P#",
    'x", __import__("os").system("touch P"), "', "a b", "loader", "load", "[red]x[/]", "u_probe", "probe_a_b", "module",
)  # fmt: skip


def renamed(graph: Dataflow) -> Dataflow:
    """The graph with its layers called by NAMES, and as they were where those end."""
    names = dict(zip(graph.by_name, (*NAMES, *list(graph.by_name)[len(NAMES) :]), strict=False))
    layers = tuple(replace(layer, name=names[layer.name]) for layer in graph.layers)
    edges = tuple(Edge(names[e.source], names[e.target], e.source_port, e.target_port) for e in graph.edges)
    return replace(graph, layers=layers, edges=edges)


@pytest.mark.slow
def test_any_names_in_any_folder(tmp_path: Path) -> None:
    made = plan(renamed(tiny_squeezenet()), load_board("ulx3s-85f"), frame_rate=30_000)
    made.design.validate()
    folder = tmp_path / "my $pro;j#ect: 'q\" & ü"
    emitted = folder / "emit"
    emit(made.design, made.foldings, made.storage, emitted)
    frames = np.random.default_rng(1).integers(0, 256, (5, *made.design.input.shape))
    simulation = network.build(emitted, folder / "simulation", binds=utilisation.probes(made))
    found = network.simulate(simulation, emitted, frames, made.design.input.type, 100_000)
    assert network.compare(found.results.values, interpreter.run(made.design, frames)) == []
    assert [
        layer.layer for layer in utilisation.measured(made, simulation.folder) if layer.measured != layer.planned
    ] == []
    assert not list(tmp_path.rglob("P"))
