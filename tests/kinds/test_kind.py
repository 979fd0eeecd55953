"""What every kind promises, on the smallest layer of its bench."""

import importlib

import numpy as np
import pytest

from hwcodesign.dataflow import Layer
from hwcodesign.kinds import Folding, Role, all_kinds, kind_of
from hwcodesign.kinds.motion import Pipeline


def smallest(name: str) -> Layer:
    """Of the cases of the kind's bench, the one with the fewest elements to a frame."""
    cases = importlib.import_module(f"sim.{name}").cases(np.random.default_rng(1))
    return min((layer for layer, _ in cases), key=lambda layer: layer.input.elements + layer.output.elements)


LAYERS = {name: smallest(name) for name in all_kinds()}


def foldings(name: str) -> list[tuple[Layer, Folding]]:
    layer = LAYERS[name]
    return [(layer, folding) for folding in kind_of(name).foldings(layer)]


@pytest.mark.parametrize("name", all_kinds())
def test_the_output_is_what_the_kind_says(name: str) -> None:
    layer = LAYERS[name]
    if "thresholds" not in layer.attributes:  # a quantizer's type is the graph's choice
        made = kind_of(name).output(layer)
        assert (made.shape, made.type) == (layer.output.shape, layer.output.type)
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
    assert {name for name, kind in all_kinds().items() if kind.sized_by} == {"depth_to_space", "fifo", "sliding_window"}
