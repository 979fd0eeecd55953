"""Extreme frames reach both ends of every type, and no value out of it."""

import numpy as np
import pytest

from hwcodesign.dataflow import IntType, Stream
from hwcodesign.verify.extremes import COUNT, extreme_frames, random_frames


@pytest.mark.parametrize("kind", ["uint8", "int8", "bipolar", "uint1", "int16"])
@pytest.mark.parametrize("shape", [(5, 4, 3), (1, 1, 7), (1, 1, 1)])
def test_frames_fit_the_input_and_reach_its_ends(kind: str, shape: tuple[int, int, int]) -> None:
    stream = Stream(shape, IntType.parse(kind))
    frames = extreme_frames(stream)
    assert frames.shape == (COUNT, *shape)
    for values in (frames, random_frames(stream, 50, seed=2)):
        assert np.array_equal(stream.type.decode(stream.type.encode(values)), values)
    low = -1 if stream.type.bipolar else stream.type.min
    assert (frames[0] == stream.type.max).all() and (frames[1] == low).all()
    assert (frames == stream.type.max).any() and (frames == low).any()


def test_checkerboards_and_single_pixels() -> None:
    frames = extreme_frames(Stream((4, 4, 2), IntType(8, signed=False)))
    assert (frames[3] + frames[4] == 255).all() and (frames[3] == 255).sum() == 16
    assert [int((frame == 255).sum()) for frame in frames[5:7]] == [2, 30]
