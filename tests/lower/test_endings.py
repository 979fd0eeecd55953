"""The network's end: scores with a meaning, what the host computes, and scores that cannot leave."""

from dataclasses import replace

import numpy as np
import pytest

from hwcodesign.lower.endings import ends, scores_of
from hwcodesign.lower.operation import GRAPH_INPUT
from hwcodesign.lower.values import RELU, Affine, Function
from hwcodesign.lower.walk import Walk
from tests.lower.walking import node, problems, value, walk

SCORES = value((3, 1, 1), operation="fc")


def ended(*operators: str) -> Walk:
    tensors = ["x", *(f"{i}.out" for i in range(len(operators)))]
    return walk(*(node(operator, (tensors[i],), str(i)) for i, operator in enumerate(operators)))


def test_only_moving_and_other_endings_may_follow_an_ending() -> None:
    good, bad = ended("Softmax", "Flatten", "ArgMax"), ended("Softmax", "Relu")
    assert ends(good, good.network.nodes[0]) and not ends(bad, bad.network.nodes[0])


@pytest.mark.parametrize(("ending", "function"), [("Softmax", "softmax"), ("ArgMax", ""), ("", "")])
def test_what_the_host_computes(ending: str, function: str) -> None:
    found = scores_of(walk(node("Gemm")), SCORES, ending)
    assert found is not None and found.function == function and found.scale.tolist() == [0.5] * 3
    assert (found.operation, found.high.tolist()) == ("fc", [15, 15, 15])


def test_a_sigmoid_at_the_end_is_the_hosts() -> None:
    found = scores_of(walk(node("Sigmoid")), SCORES.followed_by(Function("Sigmoid", np.tanh)), "")
    assert found is not None and found.function == "sigmoid"


MAP = value((3, 2, 2), operation="fc")


@pytest.mark.parametrize("place", [MAP.place, MAP.place.transpose(0, 2, 3, 1).reshape(1, -1)])
def test_a_map_leaves_as_it_is_or_flattened_with_its_channels_innermost(place: np.ndarray) -> None:
    found = scores_of(walk(node("Conv")), replace(MAP, place=place), "")
    assert found is not None and found.operation == "fc"


def test_channels_in_another_order_are_gathered() -> None:
    walked = walk(node("Conv"))
    found = scores_of(walked, replace(MAP, place=MAP.place[:, ::-1]), "")
    assert found is not None and walked.operations[found.operation].attributes == {"channels": (2, 1, 0)}


def test_no_function_of_a_map_is_left_to_the_host() -> None:
    walked = walk(node("Softmax"))
    assert scores_of(walked, MAP, "Softmax") is None
    assert "Softmax of a feature map of 2 x 2 pixels" in problems(walked)


@pytest.mark.parametrize(
    ("last", "message"),
    [
        (replace(SCORES, operation=GRAPH_INPUT), "its scores are the image itself"),
        (replace(MAP, place=MAP.place[:, :, ::-1]), "its scores are reordered after it"),
        (replace(MAP, place=MAP.place.reshape(1, -1)), "its scores are reordered after it"),
        (replace(SCORES, open=True, place=SCORES.place[:, ::-1]), "its scores are reordered after it"),
        (replace(SCORES, terms=(SCORES, SCORES)), "a sum from separate quantizers"),
        (replace(SCORES, open=True).followed_by(RELU), "leave through a ReLU without a quantizer"),
        (replace(SCORES, open=True).followed_by(Function("Tanh", np.tanh)), "a Tanh without a quantizer"),
    ],
)
def test_scores_that_cannot_leave_are_told(last, message: str) -> None:  # type: ignore[no-untyped-def]
    walked = walk(node("Gemm"))
    assert scores_of(walked, last, "") is None
    assert message in problems(walked)


def test_scores_that_fall_turn_the_rows_of_their_matrix() -> None:
    walked = walk(node("Gemm"))
    bounds = {"low": np.full(3, -9), "high": np.full(3, 4)}
    walked.operation("fc", "mvau", value((3, 1, 1)), weights=np.ones((3, 3, 1, 1), dtype=np.int64), **bounds)
    line = Affine(np.array([-0.5, 0.5, 0.5]), np.zeros(3))
    found = scores_of(walked, replace(SCORES, open=True, steps=(line,), **bounds), "")
    assert found is not None and found.scale.tolist() == [0.5] * 3
    assert (found.low[0], found.high[0]) == (-4, 9)
