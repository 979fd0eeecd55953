"""The sum pool behind a depthwise window is an average pool times its window's size."""

from dataclasses import replace

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.graph.builder import Assembly
from hwcodesign.kinds import Folding, kind_of

POOL, WINDOW = kind_of("sum_pool"), kind_of("sliding_window")


def make(kind: str, kernel: tuple[int, int], stride: tuple[int, int]) -> tuple[Layer, Layer]:
    assembly = Assembly("input", Stream((7, 6, 3), IntType.parse(kind)))
    window = assembly.sliding_window("pool.window", "input", kernel, stride, depthwise=True)
    assembly.sum_pool("pool", window, kernel[0] * kernel[1])
    first, second = assembly.finish({}).layers
    return first, second


@pytest.mark.parametrize("kind", ["uint4", "int4", "bipolar"])
@pytest.mark.parametrize(("kernel", "stride"), [((2, 2), (2, 2)), ((3, 3), (2, 1)), ((2, 3), (3, 4)), ((7, 6), (1, 1))])
def test_window_and_pool_together(kind: str, kernel: tuple[int, int], stride: tuple[int, int]) -> None:
    window, pool = make(kind, kernel, stride)
    WINDOW.check(window)
    POOL.check(pool)
    type_ = pool.input.type
    frames = np.random.default_rng(kernel).choice(
        [-1, 1] if type_.bipolar else [type_.min, 0, 1, type_.max], (2, 7, 6, 3)
    )
    sums = POOL.run(pool, WINDOW.run(window, [frames]))[0]
    for (frame, y, x, c), value in np.ndenumerate(sums):
        top, left = y * stride[0], x * stride[1]
        assert value == frames[frame, top : top + kernel[0], left : left + kernel[1], c].sum()
    assert sums.min() >= pool.output.type.min and sums.max() <= pool.output.type.max


def test_cycles_and_lanes() -> None:
    _, layer = make("uint4", (2, 2), (2, 2))
    assert [POOL.cycles(layer, f) for f in POOL.foldings(layer)] == [9 * 3 * 4, 9 * 4]
    assert POOL.lanes(layer, Folding(3)) == (3, 3)


def test_refuses() -> None:
    _, layer = make("uint4", (2, 2), (2, 2))
    with pytest.raises(UserError, match=r"pool: .*no whole number of windows of 5"):
        POOL.check(replace(layer, attributes={"window": 5}))
    with pytest.raises(UserError, match=r"pool: .* are \(3, 3, 3\) uint6, not \(3, 3, 3\) uint5"):
        POOL.check(replace(layer, outputs=(Stream((3, 3, 3), IntType(5, False)),)))
