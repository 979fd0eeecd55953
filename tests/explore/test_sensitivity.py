from dataclasses import replace

import numpy as np
import pytest

from hwcodesign.dataflow import Dataflow
from hwcodesign.explore.sensitivity import _rounded, losses, together
from hwcodesign.graph import interpreter
from tests.graphs import tiny_squeezenet

GRAPH = replace(tiny_squeezenet(), score_map=replace(tiny_squeezenet().score_map, scale=(0.05,)))
FRAMES = np.random.default_rng(1).integers(0, 256, (12, 8, 8, 1))


def by_hand(changed: Dataflow) -> np.ndarray:
    """(images,) nats, from whole runs of both graphs."""
    said = []
    for graph in (GRAPH, changed):
        scores = interpreter.run(graph, FRAMES)[:, :5] * 0.05
        said.append(np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True))
    return (said[0] * np.log(said[0] / said[1])).sum(axis=1)


def test_a_layers_loss_is_that_of_the_whole_network_with_it() -> None:
    found = losses(GRAPH, FRAMES)
    assert set(found) == {x.name for x in GRAPH.layers if "weights" in x.tensors}
    for name, layers in _rounded(GRAPH, FRAMES, 2).items():
        assert found[name][4] == 0
        for bits, layer in layers.items():
            changed = replace(GRAPH, layers=tuple(layer if x.name == name else x for x in GRAPH.layers))
            assert found[name][bits] == pytest.approx(by_hand(changed).mean(), abs=1e-9)
    assert sum(by_bits[3] for by_bits in found.values()) < sum(by_bits[2] for by_bits in found.values())


def test_all_together() -> None:
    bits = dict.fromkeys(losses(GRAPH, FRAMES[:8]), 2)
    layers = _rounded(GRAPH, FRAMES, 2)
    made = tuple(layers[x.name][2] if x.name in layers else x for x in GRAPH.layers)
    loss, same = together(GRAPH, FRAMES, bits)
    assert loss == pytest.approx(by_hand(replace(GRAPH, layers=made)).mean(), abs=1e-9)
    assert 0 <= same <= 1
    assert together(GRAPH, FRAMES, dict.fromkeys(bits, 4)) == (0, 1)
