"""Cases of the sliding window: overlapping, touching, gapped, dilated, dropped edges, both orders, whole windows.

Some with a smaller ring buffer than the kernel needs to never pause.
"""

from dataclasses import replace

import numpy as np

from hwcodesign.dataflow import Attribute, Layer, Stream
from hwcodesign.kinds import Folding
from hwcodesign.kinds.sliding_window import buffer_pixels, least_pixels
from sim.bench import random_type

# For each rule of the kernel, parameters that break it.
BROKEN = {
    "sizes_are_positive": {"WORDS": 0},
    "kernel_lies_in_the_map": {"KERNEL_W": 2},
    "strides_are_positive": {"STRIDE_H": 0},
    "buffer_holds_a_window": {"HEIGHT": 3, "WIDTH": 3, "KERNEL_H": 2, "KERNEL_W": 2, "BUFFER_WORDS": 4},
    "dilations_are_positive": {"DILATION_W": 0},
}
# feature map (height, width), kernel, stride, words a pixel, depthwise
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
# Whole windows a beat: feature map, kernel, stride
WHOLE = (
    ((6, 5), (3, 3), (1, 1)),
    ((9, 9), (3, 3), (2, 2)),
    ((8, 7), (3, 3), (2, 2)),
    ((6, 8), (2, 2), (2, 2)),
    ((4, 3), (4, 3), (1, 1)),
    ((3, 9), (1, 4), (2, 3)),
    ((7, 2), (3, 1), (3, 1)),
    ((5, 2), (2, 2), (1, 1)),
    ((5, 6), (1, 2), (4, 1)),
    ((9, 9), (7, 7), (2, 2)),
)
# Neighbours under the kernel apart: feature map, kernel, stride, words a pixel, depthwise, dilation
DILATED = (
    ((7, 8), (3, 3), (1, 1), 2, 0, (2, 2)),
    ((8, 7), (3, 3), (1, 1), 3, 1, (2, 3)),
    ((9, 9), (2, 3), (2, 2), 1, 0, (3, 1)),
    ((1, 12), (1, 4), (1, 3), 2, 1, (1, 3)),
    ((6, 4), (3, 2), (1, 1), 1, 1, (2, 2)),
)
RANDOM_CASES = 6


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """The cases above, which reach every branch of the kernel, and some that are random in every respect."""
    named = [_case(rng, *case) for case in CASES] + [_case(rng, *case, 1, 0, whole=True) for case in WHOLE]
    anything = [_any_case(rng, whole) for whole in (False, True) for _ in range(RANDOM_CASES)]
    less = [_with_less(rng, *case) for case in named[: len(CASES)] + anything[:RANDOM_CASES]]
    dilated = [_case(rng, *case[:5], dilation=case[5]) for case in DILATED]
    return named + anything + less + dilated + [_with_less(rng, *case) for case in dilated]


def _with_less(rng: np.random.Generator, layer: Layer, folding: Folding) -> tuple[Layer, Folding]:
    """The least that a ring buffer can be, or somewhat more."""
    least, most = least_pixels(layer), buffer_pixels(layer)
    pixels = least if rng.integers(2) else int(rng.integers(least, most + 1))
    return replace(layer, attributes={**layer.attributes, "buffer": pixels}), folding


def _any_case(rng: np.random.Generator, whole: bool) -> tuple[Layer, Folding]:
    kernel_h, kernel_w, stride_h, stride_w = (int(n) for n in rng.integers(1, 4, 4))
    kernel_w += whole  # one position is no window
    size = (kernel_h + int(rng.integers(0, 7)), kernel_w + int(rng.integers(0, 7)))
    words, depthwise = (1, 0) if whole else (int(rng.integers(1, 4)), int(rng.integers(2)))
    return _case(rng, size, (kernel_h, kernel_w), (stride_h, stride_w), words, depthwise, whole)


def _case(
    rng: np.random.Generator,
    size: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    words: int,
    depthwise: int,
    whole: bool = False,
    dilation: tuple[int, int] = (1, 1),
) -> tuple[Layer, Folding]:
    pe, int_type = int(rng.integers(1, 5)), random_type(rng)
    channels = pe * words
    along = zip(size, kernel, stride, dilation, strict=True)
    rows, columns = ((n - (k - 1) * d - 1) // s + 1 for n, k, s, d in along)
    output = Stream((rows, columns, kernel[0] * kernel[1] * channels), int_type)
    attributes: dict[str, Attribute] = {"kernel": kernel, "stride": stride, "depthwise": depthwise}
    if dilation != (1, 1):
        attributes["dilation"] = dilation
    layer = Layer("window", "sliding_window", (Stream((*size, channels), int_type),), (output,), attributes)
    return layer, Folding(pe, kernel[0] * kernel[1] if whole else 1)
