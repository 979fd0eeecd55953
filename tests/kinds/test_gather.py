"""Channels gathered are numpy's; which blocks of channels a choice leaves whole; what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import kind_of

GATHER = kind_of("gather")


def gather(chosen: tuple[int, ...], channels: int = 8) -> Layer:
    source = Stream((2, 2, channels), IntType(4, signed=False))
    layer = Layer("part", "gather", (source,), (source,), {"channels": chosen})
    return replace(layer, outputs=(GATHER.output(layer),))


@pytest.mark.parametrize("chosen", [(4, 5, 6, 7), (0, 4, 1, 5, 2, 6, 3, 7), (3, 3, 0)])
def test_it_takes_those_channels(chosen: tuple[int, ...]) -> None:
    frames = np.random.default_rng(1).integers(0, 16, (3, 2, 2, 8))
    assert np.array_equal(GATHER.run(gather(chosen), [frames])[0], frames.take(chosen, axis=3))


@pytest.mark.parametrize(
    ("chosen", "lanes"),
    [
        ((4, 5, 6, 7), [(1, 1), (2, 2), (4, 4), (8, 4)]),
        ((2, 3, 6, 7), [(1, 1), (2, 2), (8, 4)]),
        ((1, 2, 3), [(1, 1), (8, 3)]),
        ((0, 4, 1, 5, 2, 6, 3, 7), [(8, 8)]),
        ((3, 3, 0), [(8, 3)]),
    ],
)
def test_whole_blocks_in_order_or_all_at_once(chosen: tuple[int, ...], lanes: list[tuple[int, int]]) -> None:
    layer = gather(chosen)
    assert [GATHER.lanes(layer, folding) for folding in GATHER.foldings(layer)] == lanes
    assert [GATHER.cycles(layer, folding) for folding in GATHER.foldings(layer)] == [32 // pe for pe, _ in lanes]


@pytest.mark.parametrize("chosen", [(), (8,), (0, -1)])
def test_refuses_channels_that_are_not_there(chosen: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match=r"^part: it must take one of the channels 0 to 7, or more"):
        GATHER.check(replace(gather((0, 1)), attributes={"channels": chosen}))
