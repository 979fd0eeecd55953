"""Paths from parameters' names, for exporters that give nodes none."""

import pytest
from onnx import helper

from hwcodesign.lower.parameter_names import path_by_parameters

CONSTANTS = {
    "fire2.expand3x3.weight": 1, "0.weight": 1, "bare": 1, "features.3.weight_quant.tensor_quant.scale": 1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        (["x", "fire2.expand3x3.weight"], "fire2.expand3x3"),
        (["x", "0.weight"], "0"),
        (["x", "features.3.weight_quant.tensor_quant.scale"], "features.3"),
        (["x", "bare"], None),
        (["x", "computed"], None),
        (["x", "quantized"], "fire2.expand3x3"),
    ],
)
def test_the_module_is_the_parameters_without_its_last_name(inputs: list[str], path: str | None) -> None:
    reshape = helper.make_node("Reshape", ["fire2.expand3x3.weight", "s"], ["r"])
    quant = helper.make_node("Quant", ["r", "scale"], ["quantized"])
    makers = {"r": reshape, "quantized": quant}
    assert path_by_parameters(helper.make_node("Conv", inputs, ["y"], name="Conv_12"), makers, CONSTANTS) == path


def test_a_node_with_a_path_keeps_it() -> None:
    node = helper.make_node("Conv", ["x", "0.weight"], ["y"], name="/fire2/Conv")
    assert path_by_parameters(node, {}, CONSTANTS) is None
