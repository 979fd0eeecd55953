"""What every kind promises, on the layers of whole networks."""

import numpy as np
import pytest

from hwcodesign.core.score_map import ScoreMap
from hwcodesign.dataflow import Dataflow, IntType, Layer, Stream
from hwcodesign.graph.builder import Assembly
from hwcodesign.graph.random_tensors import randomised
from hwcodesign.kinds import Folding, Role, all_kinds, kind_of
from hwcodesign.kinds.motion import Pipeline
from tests.graphs import tiny_lenet, tiny_squeezenet


def scored() -> Dataflow:
    """Layers that no family's network has: sums of unlike feature maps, a local average, scores of unlike scales."""
    assembly = Assembly("input", Stream((4, 4, 2), IntType(3, signed=False)))
    mean = assembly.sum_pool("mean", assembly.sliding_window("mean.window", "input", (2, 2), (2, 2), True), 4)
    least = assembly.max_pool("most", assembly.sliding_window("most.window", "input", (1, 1), (2, 2), True), 1)
    total = assembly.global_acc_pool("pool", assembly.weighted_sum("sum", [mean, least], [3, -2]))
    scale = ScoreMap.of(np.array([0.5, 0.25]), np.array([0.0, 1.0]))
    assembly.label_select(total, 1, scale)
    return randomised(assembly.finish({}), 1)


def depthwise() -> Layer:
    number = IntType(3, signed=False)
    assembly = Assembly("input", Stream((4, 4, 2), number))
    windows = assembly.sliding_window("depthwise.window", "input", (2, 2), (1, 1), True)
    assembly.vvau(
        "depthwise",
        windows,
        4,
        2,
        out_type=number,
        weight_type=IntType(3, signed=True),
        acc_type=IntType(9, signed=True),
    )
    return randomised(assembly.finish({}), 1).layers[-1]


STREAM = Stream((2, 2, 4), IntType(3, signed=False))
LAYERS = {layer.kind: layer for graph in (scored(), tiny_lenet(), tiny_squeezenet()) for layer in graph.layers}
LAYERS["vvau"] = depthwise()
LAYERS["fifo"] = Layer("fifo", "fifo", (STREAM,), (STREAM,), {"depth": 5})
LAYERS["width_converter"] = Layer("wide", "width_converter", (STREAM,), (STREAM,), {"in_lanes": 2, "out_lanes": 4})


def foldings(name: str) -> list[tuple[Layer, Folding]]:
    layer = LAYERS[name]
    return [(layer, folding) for folding in kind_of(name).foldings(layer)]


def test_every_kind_is_looked_at() -> None:
    assert set(LAYERS) == set(all_kinds())


@pytest.mark.parametrize("name", all_kinds())
def test_the_output_is_what_the_kind_says(name: str) -> None:
    layer = LAYERS[name]
    if "thresholds" not in layer.attributes:  # a quantizer's type is the graph's choice
        assert kind_of(name).output(layer) == layer.output
    kind_of(name).check(layer)


@pytest.mark.parametrize("name", all_kinds())
def test_every_rom_has_an_image_and_no_other_memory_has(name: str) -> None:
    for layer, folding in foldings(name):
        kind = kind_of(name)
        images = kind.images(layer, folding)
        roms = [memory for memory in kind.memories(layer, folding) if not memory.writable]
        assert [rom.name for rom in roms] == list(images)
        assert all((len(images[rom.name].words), images[rom.name].width) == (rom.words, rom.width) for rom in roms)


@pytest.mark.parametrize("name", all_kinds())
def test_a_pipelines_round_takes_and_gives_whole_frames(name: str) -> None:
    """And takes no more steps than the kind's cycles, unless it may work while its output waits."""
    kind = kind_of(name)
    for layer, folding in foldings(name):
        motion = kind.motion(layer, folding)
        if not isinstance(motion, Pipeline):
            continue
        in_lanes, out_lanes = kind.lanes(layer, folding)
        ports = range(len(layer.inputs))
        taken = [sum(often for mask, _, often in motion.round if mask >> port & 1) for port in ports]
        given = sum(often for _, gives, often in motion.round if gives)
        frames_in = [count * in_lanes / stream.elements for count, stream in zip(taken, layer.inputs, strict=True)]
        rounds = {*frames_in, given * out_lanes / layer.output.elements}
        assert len(rounds) == 1, (layer, folding, rounds)
        (part,) = rounds  # of a frame in one round
        assert sum(often for *_, often in motion.round) / part == kind.cycles(layer, folding)


def test_roles() -> None:
    roles = {name: kind.role for name, kind in all_kinds().items() if kind.role is not Role.LAYER}
    assert roles == {"fifo": Role.FIFO, "width_converter": Role.CONVERTER}
    assert {name for name, kind in all_kinds().items() if kind.sized_by} == {"fifo", "sliding_window"}
