"""What the walk keeps: names that are taken once, readers counted, problems told once."""

import numpy as np

from hwcodesign.lower.operation import GRAPH_INPUT
from hwcodesign.lower.values import Unknown
from tests.lower.walking import node, problems, value, walk


def test_a_module_called_twice_makes_layers_of_two_names() -> None:
    made = walk(node("Relu"))
    names = [made.operation("conv1", "concat", value()) for _ in range(3)]
    assert names == ["conv1", "conv1_2", "conv1_3"]
    assert made.unused(GRAPH_INPUT) == f"{GRAPH_INPUT}_2"
    assert made.maker("conv1_2") is made.operations["conv1_2"] and made.maker(GRAPH_INPUT) is None


def test_an_operation_has_the_bounds_of_its_input_unless_it_says_others() -> None:
    made = walk(node("Relu"))
    made.operation("a", "max_pool", value())
    made.operation("b", "mvau", value(), high=np.array([99, 99]))
    assert made.operations["a"].high.tolist() == [15, 15] and made.operations["b"].high.tolist() == [99, 99]
    assert made.operations["b"].low.tolist() == [0, 0] and made.operations["b"].sources == (GRAPH_INPUT,)


def test_a_tensor_that_two_read_is_not_alone_nor_is_the_networks_output() -> None:
    first = node("Relu", ("x",), "a")
    made = walk(first, node("Relu", ("a.out",), "b"), node("Add", ("a.out", "b.out"), "c"))
    made.tensors |= {"a.out": value(), "b.out": value(), "c.out": value()}
    assert [made.read(f"{name}.out").alone for name in "abc"] == [False, True, True]  # type: ignore[union-attr]
    ended = walk(first)
    ended.tensors["a.out"] = value()
    assert ended.readers["a.out"] == 1
    assert made.read("") is None and isinstance(made.read("nobody made it"), Unknown)


def test_what_follows_from_another_problem_is_not_told_and_nothing_twice() -> None:
    made = walk(node("Relu"))
    made.note(node("Relu"), "cause", "fix", value(known=False))
    assert problems(made) == ""
    made.note(node("Relu"), "cause", "fix", value())
    made.note(node("Relu"), "cause", "fix")
    assert problems(made) == "layer: cause -> fix"
