"""A graph without tensors gets random ones: hardware to test and to measure without training or FINN."""

from dataclasses import replace

import numpy as np

from hwcodesign.dataflow import Dataflow, Layer
from hwcodesign.kinds import kind_of


def randomised(graph: Dataflow, seed: int, even: bool = True) -> Dataflow:
    """`graph` with random tensors of the types that its layers declare; thresholds evenly spaced, or anywhere."""
    rng = np.random.default_rng(seed)
    return replace(graph, layers=tuple(_randomised(layer, rng, even) for layer in graph.layers))


def _randomised(layer: Layer, rng: np.random.Generator, even: bool) -> Layer:
    kind = kind_of(layer.kind)
    return kind.completed(replace(layer, tensors=kind.random_tensors(layer, rng, even)))
