"""The plan as a whole: what it holds, its files, and determinism."""

import json
import subprocess
import sys

from hwcodesign.fpga.board import load_board
from hwcodesign.kinds import kind_of
from hwcodesign.plan import Plan, plan
from hwcodesign.plan.insert_streams import conversion
from tests.graphs import tiny_squeezenet

BOARD = load_board("ulx3s-85f")


def test_a_plan_covers_every_layer_and_memory():
    planned = plan(tiny_squeezenet(), BOARD, frame_rate=1e4)
    for layer in planned.design.layers:
        memories = {m.name for m in kind_of(layer.kind).memories(layer, planned.foldings[layer.name])}
        assert memories == set(planned.storage.get(layer.name, {}))
    fifos = [layer for layer in planned.design.layers if layer.kind == "fifo"]
    assert len(fifos) == len(tiny_squeezenet().edges)
    assert all(depth >= 2 for depth in planned.fifo_depths.values())


def test_the_design_computes_what_the_graph_computes():
    graph = tiny_squeezenet()
    planned = plan(graph, BOARD, frame_rate=1e4)
    for layer in graph.layers:
        assert planned.design.by_name[layer.name] is layer


def test_save_and_load(tmp_path):
    planned = plan(tiny_squeezenet(), BOARD, 40.0, 1e4)
    planned.save(tmp_path)
    loaded = Plan.load(tmp_path)
    assert loaded == planned
    assert json.loads((tmp_path / "plan.json").read_text())["latency_cycles"] == planned.latency_cycles


def test_planning_is_deterministic():
    graph = tiny_squeezenet(bypass="complex")
    assert plan(graph, BOARD, frame_rate=1e4) == plan(graph, BOARD, frame_rate=1e4)


def test_the_bound_is_the_slowest_layer():
    planned = plan(tiny_squeezenet(), BOARD, frame_rate=1e4)
    cycles = {x.name: kind_of(x.kind).cycles(x, planned.foldings[x.name]) for x in planned.design.layers}
    assert planned.cycles_per_frame == max(cycles.values()) == cycles[planned.slowest]
    assert planned.clock_mhz == BOARD.clock_mhz


def test_conversion_goes_through_the_common_multiple():
    assert conversion(4, 4) == []
    assert conversion(2, 8) == [("widen", 2, 8)]
    assert conversion(6, 3) == [("narrow", 6, 3)]
    assert conversion(4, 6) == [("widen", 4, 12), ("narrow", 12, 6)]


def test_planning_imports_nothing_heavy():
    script = "import sys, hwcodesign.check.check, hwcodesign.plan; print(sorted(set(sys.modules) & set(sys.argv[1:])))"
    heavy = ["torch", "finn", "qonnx", "brevitas", "onnx", "scipy", "sklearn", "networkx"]
    found = subprocess.run([sys.executable, "-c", script, *heavy], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
