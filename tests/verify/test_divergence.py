"""Where two sides part: the first layer, pixel and channel, in words."""

import numpy as np

from hwcodesign.core.bit_packing import pack
from hwcodesign.fpga.board import load_board
from hwcodesign.graph import interpreter
from hwcodesign.kinds import kind_of
from hwcodesign.plan import plan
from hwcodesign.plan.insert_streams import inserted
from hwcodesign.verify.divergence import _first_difference, _origin, _recorded, first_level, levels_of
from tests.graphs import tiny_squeezenet

PLAN = plan(tiny_squeezenet(), load_board("ulx3s-85f"), frame_rate=20_000)


def test_the_first_layer_pixel_and_channel_are_named() -> None:
    expected = {"conv1": np.zeros((2, 2, 3), int), "fire2": np.zeros((1, 1, 2), int)}
    assert first_level(expected, expected) is None
    found = {name: level.copy() for name, level in expected.items()}
    found["fire2"][0, 0, 1] = 5
    assert first_level(found, expected) == "layer fire2, pixel (0, 0), channel 1: 5, reference 0"
    found["conv1"][1, 0, 2] = 7
    assert first_level(found, expected) == "layer conv1, pixel (1, 0), channel 2: 7, reference 0"
    assert first_level({"unknown": np.ones(1)}, expected) is None


def test_levels_are_those_of_the_quantizers_under_their_layers_names() -> None:
    graph = tiny_squeezenet()
    found = levels_of(graph, np.zeros(graph.input.shape, dtype=np.int64))
    assert "fire2.squeeze" in found and not any(name.endswith(".quantizer") for name in found)
    assert all(
        level.shape == graph.by_name[name].output.shape for name, level in found.items() if name in graph.by_name
    )


def test_a_recorded_stream_is_read_back_and_its_first_wrong_element_found(tmp_path) -> None:  # type: ignore[no-untyped-def]
    design = PLAN.design
    edge = next(e for e in design.edges if e.source == "conv1")
    source = design.by_name[edge.source]
    frames = np.random.default_rng(0).integers(0, 256, (1, *design.input.shape))
    values = interpreter.trace(design, frames, ["conv1"])["conv1"][0]
    wire = kind_of(source.kind).to_wire(source, PLAN.foldings["conv1"], values, "out")
    _, lanes = kind_of(source.kind).lanes(source, PLAN.foldings["conv1"])
    words = pack(source.output.type.encode(wire).reshape(-1, lanes), source.output.type.bits)
    (tmp_path / "s.probe").write_text("".join(f"{word:x}\n" for word in words))
    found = _recorded(tmp_path / "s.probe", design, edge, PLAN.foldings)
    assert _first_difference(source, found, wire) is None
    found[-1] += 1
    told = _first_difference(source, found, wire)
    row, column, channel = (side - 1 for side in source.output.shape)
    assert told is not None and f"frame 0, pixel ({row}, {column}), channel {channel}: hardware" in told
    assert _first_difference(source, found[:-1], wire) is None  # too little is no wrong number


def test_a_stream_is_judged_by_the_layer_that_made_it() -> None:
    for edge in PLAN.design.edges:
        origin = _origin(PLAN.design, edge)
        assert not inserted(PLAN.design.by_name[origin.source])
