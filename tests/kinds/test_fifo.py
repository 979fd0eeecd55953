"""FIFO: what it keeps in memory, and the depth it refuses."""

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import Folding, kind_of

STREAM = Stream((4, 4, 6), IntType(3, signed=False))
FIFO = kind_of("fifo")


def fifo(depth: int) -> Layer:
    return Layer("a.to.b.fifo", "fifo", (STREAM,), (STREAM,), {"depth": depth})


def test_passes_frames_on_unchanged() -> None:
    frames = np.arange(2 * 4 * 4 * 6).reshape(2, 4, 4, 6) % 8
    (output,) = FIFO.run(fifo(5), [frames])
    np.testing.assert_array_equal(output, frames)


def test_any_divisor_of_the_channels_is_a_beat() -> None:
    assert [f.pe for f in FIFO.foldings(fifo(2))] == [1, 2, 3, 6]
    assert FIFO.cycles(fifo(2), Folding(3)) == 32


def test_two_beats_need_no_memory_and_more_keep_one_in_the_output_register() -> None:
    assert FIFO.memories(fifo(2), Folding(2)) == []
    (memory,) = FIFO.memories(fifo(9), Folding(2))
    assert (memory.words, memory.width, memory.bits) == (8, 6, 48)


def test_refuses_a_depth_below_two() -> None:
    with pytest.raises(UserError, match=r"a.to.b.fifo: a FIFO's depth is 2 or more, not 1"):
        FIFO.check(fifo(1))
