"""Frames at the ends of the input's range, which no held-out image comes near: they drive sums to their last bit."""

from collections.abc import Iterator

import numpy as np

from hwcodesign.dataflow import Stream

COUNT = 8
_SEED = 1


def extreme_frames(stream: Stream) -> np.ndarray:
    """Frames (COUNT, H, W, C), int64, for the graph's input `stream`; of a choice of them, the first are worth most.

    All high and all low; two ends at random; checkerboards of both colours; one bright pixel in the dark and one dark
    pixel in the light; random values.
    """
    return np.array(list(_frames(stream)), dtype=np.int64)


def random_frames(stream: Stream, count: int, seed: int) -> np.ndarray:
    """Uniformly random frames (count, H, W, C), int64, for the graph's input."""
    rng = np.random.default_rng(seed)
    return stream.type.decode(rng.integers(0, 1 << stream.type.bits, (count, *stream.shape), dtype=np.int64))


def _frames(stream: Stream) -> Iterator[np.ndarray]:
    low, high = (-1 if stream.type.bipolar else stream.type.min), stream.type.max
    rows, columns, _ = stream.shape
    rng = np.random.default_rng(_SEED)
    yield np.full(stream.shape, high)
    yield np.full(stream.shape, low)
    yield np.where(rng.integers(0, 2, stream.shape) > 0, high, low)
    squares = np.broadcast_to(np.indices((rows, columns)).sum(axis=0)[:, :, None] % 2, stream.shape)
    yield np.where(squares > 0, high, low)
    yield np.where(squares > 0, low, high)
    for background, pixel, at in ((low, high, (rows // 2, columns // 2)), (high, low, (rows - 1, columns - 1))):
        frame = np.full(stream.shape, background)
        frame[at] = pixel
        yield frame
    yield random_frames(stream, 1, _SEED)[0]
