"""Nodes and tensors of a graph, also of the graphs inside; faults in one message."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from hwcodesign.core.errors import UserError
from hwcodesign.core.onnx_nodes import every_node, every_tensor, raise_faults


def graph(name: str, *nodes: object) -> object:
    end = helper.make_tensor_value_info(f"{name}.y", TensorProto.FLOAT, [1])
    constant = numpy_helper.from_array(np.zeros(1, np.float32), f"{name}.w")
    return helper.make_graph(list(nodes), name, [], [end], [constant])


def test_branches_of_an_if_are_walked_too() -> None:
    inner = [graph(name, helper.make_node("Relu", [f"{name}.w"], [f"{name}.y"], name=name)) for name in ("a", "b")]
    choice = helper.make_node("If", ["c"], ["y"], name="if", then_branch=inner[0], else_branch=inner[1])
    value = helper.make_node("Constant", [], ["c"], name="c", value=numpy_helper.from_array(np.array(True), "inline"))
    whole = graph("outer", value, choice)
    names = [node.name for node in every_node(whole)]
    assert names[:2] == ["c", "if"] and sorted(names[2:]) == ["a", "b"]
    assert {tensor.name for tensor in every_tensor(whole)} == {"outer.w", "inline", "a.w", "b.w"}


def test_faults_are_listed_once_each_and_not_without_end() -> None:
    raise_faults(Path("m.onnx"), [])
    with pytest.raises(UserError) as refused:
        raise_faults(Path("m.onnx"), [f"fault {n % 10}" for n in range(30)])
    lines = str(refused.value).splitlines()
    assert lines[0] == "m.onnx cannot be used:" and lines[1] == "  fault 0" and lines[-1] == "  ... and 2 more"
