"""FINN's layers beside ours: they are told apart where they differ, and carry our names where they agree."""

from dataclasses import replace

import numpy as np
import pytest

from hwcodesign.core.integers import PIXEL
from hwcodesign.dataflow import Dataflow
from hwcodesign.lower.environment import finn_environment
from hwcodesign.lower.meaning import Meaning, meaning
from hwcodesign.lower.problems import Problems
from hwcodesign.lower.to_dataflow import to_dataflow
from tests.lower.test_meaning import ACT, CONV, POOL, WEIGHTS, read


@pytest.fixture(scope="module")
def lowered() -> tuple[Meaning, Dataflow]:
    found = meaning(read(WEIGHTS, CONV, ACT, POOL), PIXEL, 1.0, Problems())
    assert found is not None
    return found, to_dataflow(found, {"input_scale": 1.0})


def converted(lowered: tuple[Meaning, Dataflow], ours: Dataflow):  # type: ignore[no-untyped-def]
    with finn_environment():
        from hwcodesign.lower.canonical import canonical_graph
        from hwcodesign.lower.finn import to_hardware

        return to_hardware(canonical_graph(*lowered), ours)


def test_every_layer_is_finns_and_has_our_name(lowered: tuple[Meaning, Dataflow]) -> None:
    from hwcodesign.lower.finn import left_over

    model = converted(lowered, lowered[1])
    assert left_over(model) == []
    named = {node.doc_string: node.op_type for node in model.graph.node}
    assert named["conv1"].startswith("MVAU") and named["pool"] == "GlobalAccPool"
    assert {"conv1", "pool", "label_select"} <= named.keys() <= {layer.name for layer in lowered[1].layers}


@pytest.mark.parametrize("name", ["weights", "thresholds"])
def test_another_number_in_one_layer_is_told_by_that_layer(lowered: tuple[Meaning, Dataflow], name: str) -> None:
    from hwcodesign.lower.finn import DifferenceError

    graph = lowered[1]
    changed = graph.by_name["conv1"].tensors[name].copy()
    changed.flat[0] = np.where(changed.flat[0] == 1, 0, 1)
    layers = tuple(
        replace(layer, tensors={**layer.tensors, name: changed}) if layer.name == "conv1" else layer
        for layer in graph.layers
    )
    with pytest.raises(DifferenceError, match="conv1"):
        converted(lowered, replace(graph, layers=layers))
