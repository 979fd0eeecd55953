"""The walk as a whole: what is not needed is left out, damaged nodes have words, and the input's scale is asked for."""

from dataclasses import replace

import numpy as np
import pytest

from hwcodesign.core.integers import PIXEL
from hwcodesign.lower.file_network import FileNetwork, Node
from hwcodesign.lower.meaning import Meaning, meaning
from hwcodesign.lower.problems import Problems
from tests.lower.walking import node, walk

RNG = np.random.default_rng(2)
CONSTANTS = {
    "s": np.float32(0.5), "z": np.float32(0), "b": np.float32(4), "scale": np.float32(0.25),
    "w": RNG.integers(-3, 4, (3, 2, 3, 3)).astype(np.float32),
}  # fmt: skip
SIGNED, UNSIGNED = {"signed": 1, "narrow": 1, "rounding_mode": "ROUND"}, {"signed": 0, "narrow": 0}
WEIGHTS = node("Quant", ("w", "s", "z", "b"), "wq", **SIGNED)
CONV = node("Conv", ("x", "wq.out"), "conv1")
ACT = node("Quant", ("conv1.out", "scale", "z", "b"), "act", **UNSIGNED, rounding_mode="ROUND")
POOL = node("GlobalAveragePool", ("act.out",), "pool")


def read(*nodes: Node, **constants: np.ndarray) -> FileNetwork:
    return replace(walk(*nodes).network, constants={**CONSTANTS, **constants})


def understood(network: FileNetwork, scale: float | None = 1.0) -> tuple[Meaning | None, str]:
    problems = Problems()
    found = meaning(network, PIXEL, scale, problems)
    return found, "\n".join(" ".join(parts) for parts in problems.found)


def test_a_convolution_its_quantizer_and_a_pool_are_two_operations() -> None:
    found, told = understood(read(WEIGHTS, CONV, ACT, POOL))
    assert found is not None and not told
    assert {name: op.operator for name, op in found.operations.items()} == {
        "conv1": "mvau", "pool": "global_acc_pool",
    }  # fmt: skip
    assert found.operations["conv1"].thresholds is not None and found.operations["conv1"].thresholds.shape == (3, 15)
    assert found.scores.operation == "pool" and found.frame == (2, 4, 4)
    assert found.scores.scale.tolist() == [0.25 / 4] * 3


def test_an_input_without_a_quantizer_is_raw_pixels_and_one_with_takes_them_by_255() -> None:
    plain, _ = understood(read(WEIGHTS, CONV, ACT, POOL), scale=None)
    first = node("Quant", ("x", "s", "z", "b"), "first", **UNSIGNED, rounding_mode="ROUND")
    own, told = understood(read(first, WEIGHTS, replace(CONV, inputs=("first.out", "wq.out")), ACT, POOL), scale=None)
    assert plain is not None and plain.input_scale == 1.0
    assert own is not None and own.input_scale == 1 / 255, told


def test_all_problems_are_told_and_what_follows_from_them_is_not() -> None:
    float_weights = replace(CONV, inputs=("x", "w"))
    soft = node("Softmax", ("conv1.out",), "soft")
    last = node("Conv", ("soft.out", "wq.out"), "conv2", group=5)
    found, told = understood(read(WEIGHTS, float_weights, soft, last, w=CONSTANTS["w"] + 0.5))
    assert found is None
    lines = told.splitlines()
    assert [line.split()[0] for line in lines] == ["conv1", "soft", "conv2"]


@pytest.mark.parametrize("broken", [{"kernel_shape": None}, {"kernel_shape": []}])
def test_a_damaged_node_is_told_by_its_layer(broken: dict[str, object]) -> None:
    pool = node("MaxPool", ("act.out",), "pool", **broken)
    found, told = understood(read(WEIGHTS, CONV, ACT, pool))
    assert found is None and "pool its inputs or attributes are not those of MaxPool" in told


def test_an_output_that_does_not_depend_on_the_image_is_told() -> None:
    found, told = understood(read(WEIGHTS))
    assert found is None and "its result does not depend on the image" in told
