"""Frames to bytes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.core.integers import IntType
from hwcodesign.core.interface import Interface, frame_bytes


def interface(lanes: int, bits: int, beats: int, out_bytes: int = 2) -> Interface:
    return Interface(lanes, bits, -(-lanes * bits // 8), beats, 8 * out_bytes - 3, out_bytes, 3)


@given(st.integers(1, 5), st.integers(1, 9), st.integers(1, 4), st.integers(0, 2**32))
def test_element_zero_of_a_beat_is_lowest(lanes: int, bits: int, beats: int, seed: int) -> None:
    kind = IntType(bits, signed=False)
    frames = np.random.default_rng(seed).integers(0, kind.max + 1, (2, beats, 1, lanes))
    ends = interface(lanes, bits, beats)
    for frame, data in zip(frames, frame_bytes(frames, kind, ends), strict=True):
        for beat in range(beats):
            word = int.from_bytes(data[beat * ends.in_bytes : (beat + 1) * ends.in_bytes], "big")
            assert word == sum(int(value) << (bits * lane) for lane, value in enumerate(frame[beat, 0]))
