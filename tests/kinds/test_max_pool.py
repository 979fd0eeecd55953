"""The max pool behind a depthwise window is the maximum over patches of the feature map."""

from dataclasses import replace

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Attribute, IntType, Layer, Stream
from hwcodesign.kinds import Folding, kind_of

POOL, WINDOW = kind_of("max_pool"), kind_of("sliding_window")
KIND = IntType(5, signed=True)


def make(rows: int, columns: int, channels: int, window: int) -> Layer:
    source = Stream((rows, columns, channels * window), KIND)
    return Layer("pool", "max_pool", (source,), (Stream((rows, columns, channels), KIND),), {"window": window})


@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (3, 2), (3, 1)])
def test_window_and_pool_together(kernel: int, stride: int) -> None:
    frames = np.random.default_rng(kernel).integers(KIND.min, KIND.max + 1, (2, 7, 6, 3))
    rows, columns = (7 - kernel) // stride + 1, (6 - kernel) // stride + 1
    windows = Stream((rows, columns, kernel * kernel * 3), KIND)
    attributes: dict[str, Attribute] = {"kernel": (kernel, kernel), "stride": (stride, stride), "depthwise": 1}
    window = Layer("pool.window", "sliding_window", (Stream((7, 6, 3), KIND),), (windows,), attributes)
    pool = make(rows, columns, 3, kernel * kernel)
    pooled = POOL.run(pool, WINDOW.run(window, [frames]))[0]
    for (frame, y, x, c), value in np.ndenumerate(pooled):
        top, left = y * stride, x * stride
        assert value == max(frames[frame, top : top + kernel, left : left + kernel, c].reshape(-1).tolist())


def test_cycles_and_lanes() -> None:
    layer = make(2, 3, 4, 9)
    POOL.check(layer)
    assert [POOL.cycles(layer, f) for f in POOL.foldings(layer)] == [6 * 4 * 9, 6 * 2 * 9, 6 * 9]
    assert POOL.lanes(layer, Folding(2)) == (2, 2)


def test_refuses() -> None:
    layer = make(2, 3, 4, 9)
    with pytest.raises(UserError, match=r"pool: .*no whole number of windows of 5"):
        POOL.check(replace(layer, attributes={"window": 5}))
    with pytest.raises(UserError, match=r"pool: .*the maximum over 4"):
        POOL.check(replace(layer, attributes={"window": 4}))
