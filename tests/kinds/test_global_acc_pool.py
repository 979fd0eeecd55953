"""The global pool's sums, its type, and when it may answer."""

from dataclasses import replace

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import Folding, kind_of

POOL = kind_of("global_acc_pool")


def make(kind: IntType, height: int, width: int, channels: int) -> Layer:
    pixels = height * width
    total = IntType.holding(pixels * kind.min, pixels * kind.max)
    return Layer(
        "pool", "global_acc_pool", (Stream((height, width, channels), kind),), (Stream((1, 1, channels), total),)
    )


@pytest.mark.parametrize("kind", ["bipolar", "uint1", "uint4", "int4", "int8"])
def test_run_sums_every_pixel_and_the_type_holds_the_extremes(kind: str) -> None:
    element = IntType.parse(kind)
    layer = make(element, 3, 5, 2)
    POOL.check(layer)
    low, high = (-1 if element.bipolar else element.min), element.max
    frames = np.stack([np.full((3, 5, 2), low), np.full((3, 5, 2), high)])
    frames[0, 1, 2, 0] = high
    sums = POOL.run(layer, [frames])[0]
    assert sums.tolist() == [[[[14 * low + high, 15 * low]]], [[[15 * high, 15 * high]]]]
    total = layer.output.type
    assert (total.decode(total.encode(sums)) == sums).all()


def test_it_needs_the_whole_map() -> None:
    assert POOL.needs(make(IntType(4, False), 3, 5, 2), 0).tolist() == [14]


def test_cycles_and_memory() -> None:
    layer = make(IntType(4, False), 3, 5, 6)
    assert [POOL.cycles(layer, f) for f in POOL.foldings(layer)] == [90, 45, 30, 15]
    assert [m.bits for m in POOL.memories(layer, Folding(2))] == [3 * 2 * 8]
    assert POOL.memories(layer, Folding(6)) == [], "the output register is enough"


def test_refuses_another_type_or_shape() -> None:
    layer = make(IntType(4, False), 3, 5, 6)
    for output in (Stream((1, 1, 6), IntType(7, False)), Stream((1, 2, 6), layer.output.type)):
        with pytest.raises(UserError, match="pool: the sums of"):
            POOL.check(replace(layer, outputs=(output,)))
