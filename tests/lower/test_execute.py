"""Others' executors: which tensor holds the scores when the file ends in functions that are the host's."""

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from hwcodesign.core.score_map import INTEGERS, ScoreMap
from hwcodesign.lower.execute import _executable, affine_scores


def graph(*operators: str) -> object:
    nodes = [helper.make_node(name, [f"t{i}"], [f"t{i + 1}"]) for i, name in enumerate(operators)]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in ("t0", f"t{len(operators)}")]
    return helper.make_graph(nodes, "g", ends[:1], ends[1:])


@pytest.mark.parametrize(
    ("operators", "function", "tensor"),
    [
        (["Relu"], "", "t1"),
        (["Relu", "Flatten"], "", "t2"),
        (["Relu", "Flatten", "Softmax"], "softmax", "t2"),
        (["Relu", "Softmax", "ArgMax"], "softmax", "t1"),
        (["Relu", "Sigmoid"], "sigmoid", "t1"),
        (["Relu", "Sigmoid"], "", "t2"),  # the quantizer behind it made it part of the network
    ],
)
def test_scores_are_those_before_the_hosts_functions(operators: list[str], function: str, tensor: str) -> None:
    meaning = ScoreMap(INTEGERS.scale, INTEGERS.bias, function)  # type: ignore[arg-type]
    assert affine_scores(graph(*operators), meaning) == tensor


def test_padded_pools_have_the_windows_that_are_computed(tmp_path: Path) -> None:
    """ONNX's own shapes count one that begins behind the map: 5 x 5."""
    pool = {"kernel_shape": [2, 2], "strides": [2, 2], "pads": [1] * 4, "ceil_mode": 1}
    nodes = [helper.make_node("MaxPool", [f"t{i}"], [f"t{i + 1}"], **pool) for i in range(2)]
    ends = [helper.make_tensor_value_info(f"t{i}", TensorProto.FLOAT, [1, 3, n, n]) for i, n in ((0, 7), (2, 3))]
    made = helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:]), ir_version=9)
    made.opset_import[0].version = 13
    onnx.save(made, tmp_path / "pools.onnx")
    model = _executable(tmp_path / "pools.onnx")
    assert [model.get_tensor_shape(name)[2:] for name in ("t1", "t2")] == [[4, 4], [3, 3]]
