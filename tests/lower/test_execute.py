"""Others' executors: which tensor holds the scores when the file ends in functions that are the host's."""

import pytest
from onnx import TensorProto, helper

from hwcodesign.core.score_map import INTEGERS, ScoreMap
from hwcodesign.lower.execute import affine_scores


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
