"""The way from a file's input to its output: what does not lead there is left out, what does comes in order."""

import pytest

from hwcodesign.lower.file_network import FileNetwork, leading_to
from tests.lower.walking import node, walk

CONV = node("Conv", ("x", "w"), "conv")
RELU = node("Relu", ("conv.out",), "relu")
ASIDE = node("Sigmoid", ("conv.out",), "aside")
ADD = node("Add", ("relu.out", "conv.out"), "add")


def network(*nodes, shape: tuple[int, ...] = (1, 2, 4, 4)) -> FileNetwork:  # type: ignore[no-untyped-def]
    return walk(*nodes, shape=shape).network


def test_only_what_leads_to_the_output_is_kept_in_an_order_in_which_it_can_run() -> None:
    found = leading_to("add.out", [ADD, ASIDE, RELU, CONV])
    assert [n.layer for n in found] == ["conv", "relu", "add"]
    assert leading_to("x", [CONV]) == ()


def test_a_node_that_reads_a_tensor_twice_is_one_reader() -> None:
    twice = node("Add", ("conv.out", "conv.out"), "twice")
    assert [n.layer for n in network(CONV, twice).readers()["conv.out"]] == ["twice"]


@pytest.mark.parametrize(
    ("nodes", "last"),
    [
        ([node("Transpose", ("x",), "t", perm=[0, 3, 1, 2]), node("Conv", ("t.out",), "c")], True),
        ([node("Mul", ("x", "s"), "m"), node("Transpose", ("m.out",), "t", perm=[0, 3, 1, 2])], True),
        ([CONV], False),
        ([node("Transpose", ("x",), "t", perm=[0, 2, 3, 1])], False),
        ([node("Relu", ("x",), "r")], False),
    ],
)
def test_channels_come_last_where_the_file_transposes_them_first(nodes: list[object], last: bool) -> None:
    assert network(*nodes).channels_last == last


def test_a_vector_has_no_channels_last() -> None:
    assert not network(node("Transpose", ("x",), "t", perm=[0, 3, 1, 2]), shape=(1, 8)).channels_last
