"""Pixels shuffled are ONNX's; when which pixel leaves; what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import Folding, kind_of

SHUFFLE = kind_of("depth_to_space")


def shuffle(factors: tuple[int, ...], channels: int = 8, size: tuple[int, int] = (2, 3)) -> Layer:
    source = Stream((*size, channels), IntType(4, signed=False))
    layer = Layer("shuffle", "depth_to_space", (source,), (source,), {"factors": factors})
    return replace(layer, outputs=(SHUFFLE.output(layer),))


def test_it_is_onnx_depth_to_space() -> None:
    frames = np.random.default_rng(1).integers(0, 16, (3, 2, 3, 18))
    node = helper.make_node("DepthToSpace", ["x"], ["y"], blocksize=3, mode="DCR")
    (wanted,) = ReferenceEvaluator(node).run(None, {"x": frames.transpose(0, 3, 1, 2)})
    layer = shuffle((3, 3), 18)
    SHUFFLE.check(layer)
    assert np.array_equal(SHUFFLE.run(layer, [frames])[0], wanted.transpose(0, 2, 3, 1))


def test_rows_of_blocks_and_columns_of_blocks() -> None:
    frames = np.arange(16).reshape(1, 1, 2, 8)
    (tall,), (wide,) = (SHUFFLE.run(shuffle(factors, size=(1, 2)), [frames]) for factors in ((2, 1), (1, 2)))
    assert tall.reshape(4, 4).tolist() == [[0, 1, 2, 3], [8, 9, 10, 11], [4, 5, 6, 7], [12, 13, 14, 15]]
    assert wide.ravel().tolist() == list(range(16))


def test_a_beat_in_and_a_beat_out_a_cycle_each_part_of_a_smaller_pixel() -> None:
    layer = shuffle((2, 2), 24)
    assert [folding.pe for folding in SHUFFLE.foldings(layer)] == [1, 2, 3, 6]
    assert SHUFFLE.cycles(layer, Folding(6)) == 2 * 3 * 4


def test_the_second_row_waits_for_the_whole_first() -> None:
    assert SHUFFLE.needs(shuffle((2, 2)), 0)[:14].tolist() == [0, 0, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3]


@pytest.mark.parametrize(
    ("factors", "message"),
    [((1, 1), "a pixel becomes a block of 1 or more by 1 or more"), ((3, 1), "8 channels do not divide into blocks")],
)
def test_refuses_what_is_no_block(factors: tuple[int, int], message: str) -> None:
    layer = shuffle((2, 2))
    with pytest.raises(UserError, match=f"^shuffle: {message}"):
        SHUFFLE.check(replace(layer, attributes={"factors": factors}))
