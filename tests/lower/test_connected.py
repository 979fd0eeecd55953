"""Graphs with a circle, with an end that is loose, or in parts: each with one message that names the layers."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from hwcodesign.core.errors import UserError
from hwcodesign.lower import lower
from hwcodesign.lower.connected import require_one_part, require_one_way

FILE = Path("net.onnx")


def graph(*edges: tuple[str, str, str]):
    """A graph of nodes (name, inputs, output)."""
    nodes = [helper.make_node("Relu", inputs.split(), [output], name=name) for name, inputs, output in edges]
    ends = [helper.make_tensor_value_info(name, 1, [1, 2]) for name in ("x", "y")]
    return helper.make_graph(nodes, "g", ends[:1], ends[1:])


GOOD = graph(("/conv1/Conv", "x", "a"), ("/pool/MaxPool", "a", "b"), ("/add/Add", "a b", "y"))
CIRCLE = graph(
    ("/conv1/Conv", "x d", "a"), ("/conv2/Conv", "a", "b"), ("/conv3/Conv", "b", "d"), ("/fc/Conv", "d", "y")
)
LOOSE = graph(("/conv1/Conv", "x", "a"), ("/conv2/Conv", "gone", "y"))
PARTS = graph(
    ("/conv1/Conv", "x", "a"), ("/conv2/Conv", "a", "b"), ("/made/Constant", "", "c"), ("/conv3/Conv", "c", "y")
)


def test_a_fork_and_a_join_are_one_graph() -> None:
    require_one_way(GOOD, FILE)
    require_one_part(GOOD, "x", "y", FILE)


def test_a_circle_is_told_in_the_order_of_the_data() -> None:
    with pytest.raises(
        UserError, match=r"net.onnx: these layers feed each other in a circle: (.*); data may"
    ) as caught:
        require_one_way(CIRCLE, FILE)
    told = str(caught.value).split("circle: ")[1].split(";")[0].split(" -> ")
    assert told[0] == told[-1] and set(told) == {"conv1", "conv2", "conv3"}
    assert "conv1 -> conv2" in str(caught.value) and "fc" not in told


def test_a_tensor_that_nothing_makes() -> None:
    with pytest.raises(UserError, match=r"conv2 reads the tensor 'gone', which nothing makes"):
        require_one_way(LOOSE, FILE)


def test_parts_are_named() -> None:
    require_one_way(PARTS, FILE)
    with pytest.raises(UserError, match=r"no tensor connects .*: \(1\) conv1, conv2; \(2\) made, conv3; the"):
        require_one_part(PARTS, "x", "y", FILE)


def test_an_unused_constant_is_no_part() -> None:
    unused = helper.make_node("Constant", [], ["c"], name="/unused/Constant")
    require_one_part(helper.make_graph([*GOOD.node, unused], "g", GOOD.input, GOOD.output), "x", "y", FILE)


def test_a_long_part_is_cut_short() -> None:
    chain = graph(*((f"/c{i}/Conv", "x" if i == 0 else f"t{i - 1}", f"t{i}") for i in range(9)), ("/z/Conv", "", "y"))
    with pytest.raises(UserError, match=r"c0, c1, c2, c3, c4, c5 and 3 more; \(2\) z;"):
        require_one_part(chain, "x", "y", FILE)


def test_a_file_with_a_circle_is_refused_with_that_message(tmp_path: Path) -> None:
    circle = helper.make_graph(list(CIRCLE.node), "g", CIRCLE.input, CIRCLE.output)
    circle.input[0].CopyFrom(helper.make_tensor_value_info("x", 1, [1, 2, 4, 4]))
    circle.node[0].op_type = "Quant"
    circle.node[0].input.extend(["zero", "bits"])
    circle.initializer.extend(
        numpy_helper.from_array(np.float32(value), name) for name, value in (("zero", 0), ("bits", 4))
    )
    onnx.save(helper.make_model(circle, opset_imports=[helper.make_opsetid("", 13)]), str(tmp_path / "m.onnx"))
    with pytest.raises(UserError, match=r"m.onnx: these layers feed each other in a circle: conv1 -> conv2"):
        lower(tmp_path / "m.onnx", tmp_path)
