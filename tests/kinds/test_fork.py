"""Fork: every output is the input; one output is no fork."""

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import Folding, kind_of

STREAM = Stream((2, 3, 4), IntType(4, signed=True))
FORK = kind_of("fork")


def fork(outputs: int) -> Layer:
    return Layer("fire2.fork", "fork", (STREAM,), (STREAM,) * outputs)


def test_copies() -> None:
    frames = np.arange(2 * 2 * 3 * 4).reshape(2, 2, 3, 4) % 16 - 8
    outputs = FORK.run(fork(3), [frames])
    assert len(outputs) == 3
    for output in outputs:
        np.testing.assert_array_equal(output, frames)


def test_one_beat_a_cycle() -> None:
    assert FORK.cycles(fork(2), Folding(4)) == 6
    assert FORK.parameters(fork(3), Folding(2)) == {"WIDTH": 8, "OUTPUTS": 3}


def test_refuses_a_single_output() -> None:
    with pytest.raises(UserError, match=r"fire2.fork: a fork needs 2 outputs or more"):
        FORK.check(fork(1))
