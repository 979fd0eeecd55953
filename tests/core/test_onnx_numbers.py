"""Numbers that no network can have: refused by layer and cause, before anything computes with them."""

from pathlib import Path

import numpy as np
import pytest
from onnx import helper, numpy_helper

from benchmarks.fuzz import small_onnx
from hwcodesign.analyze.onnx_graph import read_graph
from hwcodesign.core.errors import UserError
from hwcodesign.core.onnx_file import load_model

nan, inf = float("nan"), float("inf")

CONSTANTS = {
    "a weight that is no number": ({"weights": np.full((4, 2, 3, 3), nan)}, "conv: 72 of the 72 values"),
    "an infinite weight": ({"dense": np.full((64, 3), inf)}, "dense: 192 of the 192 values"),
    "a scale of 0": ({"scale": np.array(0)}, "act: its scale is 0; a scale must be above 0"),
    "a negative scale of signs": ({"scale": np.array(-0.5), "bits": np.array(1)}, "act: its scale is -0.5"),
    "a scale that is no number": ({"scale": np.array(nan)}, "act: 1 of the 1 values of its constant 'scale' are not a"),
    "a weight scale of 0": ({"weight_scale": np.array([[[[0.5]]], [[[0]]]])}, "conv: its scale is 0 to 0.5"),
    "no scale at all": ({"scale": np.zeros(0)}, "act: its scale is empty"),
    "a negative variance": ({"variance": np.array([1, -1, 1, 1])}, "norm: its variance is -1 to 1"),
    "a variance that is no number": ({"variance": np.full(4, nan)}, "norm: 4 of the 4 values of its constant"),
    "an infinite mean": ({"mean": np.full(4, -inf)}, "norm: 4 of the 4 values of its constant 'mean' are infinite"),
    "0 bits": ({"bits": np.array(0)}, "conv: its bit width is 0; allowed: 1 to 32"),
    "99 bits": ({"bits": np.array(99)}, "act: its bit width is 99"),
}
ATTRIBUTES = {
    "strides of 0": (1, "strides", [0, 0], "conv: its strides is 0; allowed: 1 to 65,536"),
    "negative dilations": (1, "dilations", [1, -1], "conv: its dilations is -1 to 1"),
    "negative pads": (1, "pads", [0, 0, 0, -4], "conv: its pads is -4 to 0; allowed: 0"),
    "huge pads": (1, "pads", [10**12] * 4, "conv: its pads"),
    "a group of 0": (1, "group", 0, "conv: its group is 0"),
    "a kernel of 0": (1, "kernel_shape", [0, 3], "conv: its kernel_shape is 0 to 3"),
    "strides for one axis": (1, "strides", [1], "conv: its window has kernel_shape for 2 axes, strides for 1 axes"),
    "epsilon that is no number": (2, "epsilon", nan, "norm: its epsilon is nan, which is no number"),
    "a negative epsilon": (2, "epsilon", -5.0, "norm: its variance is"),
}


def _message(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        load_model(path)
    with pytest.raises(UserError):
        read_graph(path)
    return str(caught.value)


@pytest.mark.parametrize("case", CONSTANTS)
def test_constants(tmp_path: Path, case: str) -> None:
    constants, expected = CONSTANTS[case]
    assert expected in _message(small_onnx.save(small_onnx.model(**constants), tmp_path / "m.onnx"))


@pytest.mark.parametrize("case", ATTRIBUTES)
def test_attributes(tmp_path: Path, case: str) -> None:
    position, name, value, expected = ATTRIBUTES[case]
    made = small_onnx.model()
    attributes = made.graph.node[position].attribute
    next(a for a in attributes if a.name == name).CopyFrom(helper.make_attribute(name, value))
    assert expected in _message(small_onnx.save(made, tmp_path / "m.onnx"))


@pytest.mark.parametrize("shape", [[1, 2, -6, 6], [1, 2, 10**9, 6], [60_000, 60_000, 60_000, 60_000]])
def test_the_shape_of_the_input(tmp_path: Path, shape: list[int]) -> None:
    made = small_onnx.model()
    for axis, side in zip(made.graph.input[0].type.tensor_type.shape.dim, shape, strict=True):
        axis.dim_value = side
    assert "the input 'x' has the shape" in _message(small_onnx.save(made, tmp_path / "m.onnx"))


def test_every_fault_is_listed_once(tmp_path: Path) -> None:
    made = small_onnx.model(scale=np.array(0), variance=np.array([nan, 1, 1, 1]), bits=np.array(0))
    lines = _message(small_onnx.save(made, tmp_path / "m.onnx")).splitlines()
    assert len(lines) == len(set(lines)) == 1 + 2 + 3  # a scale, a variance; three quantizers share the bits


def test_infinity_may_stand_for_no_bound(tmp_path: Path) -> None:
    made = small_onnx.model(lowest=np.array(0), highest=np.array(inf))
    made.graph.node[4].input[0] = "clipped"
    made.graph.node.insert(4, helper.make_node("Clip", ["a", "lowest", "highest"], ["clipped"], "/clip/Clip"))
    load_model(small_onnx.save(made, tmp_path / "m.onnx"))


def test_an_empty_constant_is_not_cut(tmp_path: Path) -> None:
    made = small_onnx.framework()
    sizes = next(tensor for tensor in made.graph.initializer if tensor.name == "sizes")
    sizes.CopyFrom(numpy_helper.from_array(np.zeros(0, np.int64), "sizes"))
    assert "it cuts pieces from an empty constant" in _message(small_onnx.save(made, tmp_path / "m.onnx"))
