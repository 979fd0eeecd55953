"""The canonical graph: executed as it stands, it gives what our integers give; its types are ours."""

from dataclasses import replace

import numpy as np
import pytest
from qonnx.core.onnx_exec import execute_onnx

from hwcodesign.core.integers import PIXEL
from hwcodesign.dataflow import IntType
from hwcodesign.graph import interpreter
from hwcodesign.lower.canonical import CLASSES, canonical_graph, finn_type
from hwcodesign.lower.finn import left_over
from hwcodesign.lower.meaning import meaning
from hwcodesign.lower.problems import Problems
from hwcodesign.lower.to_dataflow import to_dataflow
from tests.lower.test_meaning import ACT, CONV, POOL, WEIGHTS, read

PADDED = replace(CONV, attributes={"pads": [1, 1, 1, 1]})


@pytest.mark.parametrize("conv", [CONV, PADDED])
def test_it_computes_what_our_layers_compute(conv: object) -> None:
    found = meaning(read(WEIGHTS, conv, ACT, POOL), PIXEL, 1.0, Problems())  # type: ignore[arg-type]
    assert found is not None
    ours = to_dataflow(found, {"input_scale": 1.0})
    model = canonical_graph(found, ours)
    frames = np.random.default_rng(1).integers(0, 256, (3, *ours.input.shape))
    for frame, expected in zip(frames, interpreter.run(ours, frames), strict=True):
        values = execute_onnx(model, {model.graph.input[0].name: frame[None].astype(np.float32)}, True)
        assert values["pool"].ravel().astype(int).tolist() == expected[:-1].tolist()
        assert values[CLASSES].item() == expected[-1]
    for layer in ours.layers[:-1]:
        if layer.name in values:
            assert model.get_tensor_shape(layer.name) == [1, *layer.output.shape]
            assert model.get_tensor_datatype(layer.name) == finn_type(layer.output.type)


def test_types_are_finns() -> None:
    kinds = [IntType(1, False), IntType(1, True), IntType(4, True), IntType(8, False)]
    assert [finn_type(kind).name for kind in kinds] == ["BINARY", "BIPOLAR", "INT4", "UINT8"]


def test_what_is_not_finns_yet_is_left_over() -> None:
    found = meaning(read(WEIGHTS, CONV, ACT, POOL), PIXEL, 1.0, Problems())
    assert found is not None
    model = canonical_graph(found, to_dataflow(found, {"input_scale": 1.0}))
    assert {"conv1", "conv1.sums"} <= set(left_over(model)) and "pool" not in left_over(model)
