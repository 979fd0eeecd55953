"""A graph's digest: the same for the same graph, another for any change of what it says."""

from dataclasses import replace

import numpy as np

from hwcodesign.dataflow import Dataflow
from hwcodesign.graph.digest import graph_digest
from tests.graphs import tiny_lenet


def with_first(graph: Dataflow, **changes: object) -> Dataflow:
    return replace(graph, layers=(replace(graph.layers[0], **changes), *graph.layers[1:]))


def test_equal_graphs_have_equal_digests_and_any_change_another() -> None:
    graph = tiny_lenet()
    assert graph_digest(graph) == graph_digest(tiny_lenet())
    layer = next(x for x in graph.layers if "weights" in x.tensors)
    weights = layer.tensors["weights"].copy()
    weights.flat[0] += 1
    tensors = {**layer.tensors, "weights": weights}
    other_weight = tuple(replace(x, tensors=tensors) if x is layer else x for x in graph.layers)
    changed = [
        replace(graph, layers=other_weight),
        replace(graph, contract={**graph.contract, "input_scale": 0.25}),
        with_first(graph, name="other"),
        with_first(graph, attributes={**graph.layers[0].attributes, "more": 1}),
    ]
    assert len({graph_digest(graph), *map(graph_digest, changed)}) == 5


def test_the_type_in_which_integers_are_kept_does_not_matter() -> None:
    graph = tiny_lenet()
    layers = tuple(
        replace(x, tensors={name: t.astype(np.int16) for name, t in x.tensors.items()}) for x in graph.layers
    )
    assert graph_digest(replace(graph, layers=layers)) == graph_digest(graph)
