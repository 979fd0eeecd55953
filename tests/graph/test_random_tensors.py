"""Random tensors: the same every time, of the declared types, and such that images stay apart."""

import numpy as np
import pytest

from hwcodesign.graph import interpreter
from hwcodesign.graph.random_tensors import randomised
from hwcodesign.kinds import kind_of
from tests.graphs import tiny_squeezenet


@pytest.mark.parametrize("even", [True, False])
def test_every_layer_accepts_its_tensors(even: bool) -> None:
    graph = randomised(tiny_squeezenet(), 3, even)
    for layer in graph.layers:
        kind_of(layer.kind).check(layer)
    again = randomised(tiny_squeezenet(), 3, even)
    for one, other in zip(graph.layers, again.layers, strict=True):
        assert one.tensors.keys() == other.tensors.keys()
        assert all(np.array_equal(one.tensors[name], other.tensors[name]) for name in one.tensors)


def test_images_stay_apart() -> None:
    graph = randomised(tiny_squeezenet(), 1)
    frames = np.random.default_rng(1).integers(0, 256, (6, *graph.input.shape))
    assert len(np.unique(interpreter.run(graph, frames), axis=0)) == len(frames)
