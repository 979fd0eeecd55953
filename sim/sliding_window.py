"""Cases of the sliding window: overlapping, touching and gapped windows, dropped edges, both orders."""

import numpy as np

from hwcodesign.dataflow import Attribute, Layer, Stream
from hwcodesign.kinds import Folding
from sim.bench import random_type

# map (height, width), kernel, stride, words a pixel, depthwise
CASES = (
    ((6, 5), (3, 3), (1, 1), 2, 0),
    ((8, 8), (3, 3), (2, 2), 1, 0),
    ((7, 6), (3, 3), (2, 2), 2, 1),
    ((6, 8), (2, 2), (2, 2), 3, 1),
    ((5, 7), (2, 2), (2, 2), 1, 0),
    ((7, 7), (1, 1), (2, 2), 2, 0),
    ((4, 3), (4, 3), (1, 1), 3, 0),
    ((3, 9), (3, 2), (1, 3), 1, 1),
    ((9, 4), (1, 3), (4, 1), 2, 0),
    ((5, 5), (2, 2), (1, 1), 1, 0),
    ((9, 9), (7, 7), (2, 2), 1, 0),
    ((1, 6), (1, 1), (1, 1), 4, 1),
)
RANDOM_CASES = 6


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """The cases above, which reach every branch of the kernel, and some that are random in every respect."""
    return [_case(rng, *case) for case in CASES] + [_any_case(rng) for _ in range(RANDOM_CASES)]


def _any_case(rng: np.random.Generator) -> tuple[Layer, Folding]:
    kernel_h, kernel_w, stride_h, stride_w = (int(n) for n in rng.integers(1, 4, 4))
    size = (kernel_h + int(rng.integers(0, 7)), kernel_w + int(rng.integers(0, 7)))
    words, depthwise = int(rng.integers(1, 4)), int(rng.integers(2))
    return _case(rng, size, (kernel_h, kernel_w), (stride_h, stride_w), words, depthwise)


def _case(
    rng: np.random.Generator,
    size: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    words: int,
    depthwise: int,
) -> tuple[Layer, Folding]:
    pe, kind = int(rng.integers(1, 5)), random_type(rng)
    channels = pe * words
    rows, columns = ((n - k) // s + 1 for n, k, s in zip(size, kernel, stride, strict=True))
    output = Stream((rows, columns, kernel[0] * kernel[1] * channels), kind)
    attributes: dict[str, Attribute] = {"kernel": kernel, "stride": stride, "depthwise": depthwise}
    return Layer("window", "sliding_window", (Stream((*size, channels), kind),), (output,), attributes), Folding(pe)
