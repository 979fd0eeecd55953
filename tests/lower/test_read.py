"""Files that are no QONNX: each with one clear message."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from hwcodesign.core.errors import UserError
from hwcodesign.lower import lower, one_output

MAP = [1, 2, 4, 4]


def _save(path: Path, nodes: list, inputs: list | None = None, outputs: list | None = None) -> Path:
    """An ONNX file with input x and output y, both feature maps, and the scale `s` and zero `z` as constants."""
    constants = [numpy_helper.from_array(np.float32(0.5), "s"), numpy_helper.from_array(np.uint8(0), "z")]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, MAP) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "g", inputs or ends[:1], outputs or ends[1:], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), str(path))
    return path


def _message(path: Path, tmp_path: Path) -> str:
    with pytest.raises(UserError) as caught:
        lower(path, tmp_path)
    return str(caught.value)


def test_missing(tmp_path: Path) -> None:
    assert _message(tmp_path / "none.onnx", tmp_path) == f"there is no file {tmp_path / 'none.onnx'}"


def test_a_folder(tmp_path: Path) -> None:
    assert "is a folder, not a file" in _message(tmp_path, tmp_path)


def test_empty(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(b"")
    assert "is empty" in _message(tmp_path / "m.onnx", tmp_path)


def test_not_onnx(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_text("not a network " * 50)
    assert "ONNX" in _message(tmp_path / "m.onnx", tmp_path)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_truncated(tmp_path: Path, part: float) -> None:
    from tests.lower import elsewhere

    elsewhere.export("perceptron", "w4a4", tmp_path / "m.onnx")
    content = (tmp_path / "m.onnx").read_bytes()
    (tmp_path / "m.onnx").write_bytes(content[: int(part * len(content))])
    assert "truncated" in _message(tmp_path / "m.onnx", tmp_path)


def test_without_quantizers(tmp_path: Path) -> None:
    path = _save(tmp_path / "m.onnx", [helper.make_node("Relu", ["x"], ["y"])])
    assert "has no quantizers" in _message(path, tmp_path)


def test_two_inputs(tmp_path: Path) -> None:
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, MAP) for name in ("x", "w")]
    nodes = [
        helper.make_node("BipolarQuant", ["x", "s"], ["q"], domain="qonnx.custom_op.general"),
        helper.make_node("Add", ["q", "w"], ["y"]),
    ]
    assert "takes one input, and this one has 2: x, w" in _message(_save(tmp_path / "m.onnx", nodes, ends), tmp_path)


def test_an_input_of_unknown_size(tmp_path: Path) -> None:
    ends = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2, "h", "w"])]
    nodes = [helper.make_node("BipolarQuant", ["x", "s"], ["y"], domain="qonnx.custom_op.general")]
    assert "fixed (1, channels, height, width)" in _message(_save(tmp_path / "m.onnx", nodes, ends), tmp_path)


def test_several_outputs_are_only_lowered_by_name(tmp_path: Path) -> None:
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, MAP) for name in ("y", "r")]
    nodes = [
        helper.make_node("BipolarQuant", ["x", "s"], ["y"], domain="qonnx.custom_op.general"),
        helper.make_node("Relu", ["y"], ["r"]),
    ]
    path = _save(tmp_path / "m.onnx", nodes, outputs=ends)
    assert (
        "has 2 outputs: choose one, --output y or r, or have one's scores behind the other's, --output y,r"
        in _message(path, tmp_path)
    )
    with pytest.raises(UserError, match=r"--output w: .* has no such output; it has y, r"):
        one_output(path, "w", tmp_path)
    assert [tensor.name for tensor in onnx.load(str(one_output(path, "y", tmp_path))).graph.output] == ["y"]
