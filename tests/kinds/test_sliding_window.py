"""The sliding window against plain loops, and its buffer against a token-by-token model of the kernel."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Dataflow, IntType, Layer, Stream
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.kinds.sliding_window import least_pixels
from hwcodesign.plan.cycle_model import Tokens

WINDOW = kind_of("sliding_window")
SIDES = st.integers(1, 9)
KERNELS = st.tuples(st.integers(1, 4), st.integers(1, 4))


def make(
    size: tuple[int, int], channels: int, kernel: tuple[int, int], stride: tuple[int, int], depthwise: int
) -> Layer:
    rows, columns = ((n - k) // s + 1 for n, k, s in zip(size, kernel, stride, strict=True))
    kind = IntType(8, signed=True)
    return Layer(
        "window",
        "sliding_window",
        (Stream((*size, channels), kind),),
        (Stream((rows, columns, kernel[0] * kernel[1] * channels), kind),),
        {"kernel": kernel, "stride": stride, "depthwise": depthwise},
    )


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    size, kernel, stride = draw(st.tuples(SIDES, SIDES)), draw(KERNELS), draw(KERNELS)
    assume(kernel[0] <= size[0] and kernel[1] <= size[1])
    return make(size, draw(st.integers(1, 3)), kernel, stride, draw(st.integers(0, 1)))


@given(layers())
def test_run_takes_each_element_from_its_place(layer: Layer) -> None:
    (kernel_h, kernel_w), (stride_h, stride_w) = layer.numbers("kernel"), layer.numbers("stride")
    channels = layer.input.channels
    frames = np.arange(2 * layer.input.elements).reshape(2, *layer.input.shape)
    outputs = WINDOW.run(layer, [frames])[0]
    assert outputs.shape == (2, *layer.output.shape)
    for (frame, y, x, element), value in np.ndenumerate(outputs):
        if layer.number("depthwise"):
            c, ky, kx = np.unravel_index(element, (channels, kernel_h, kernel_w))
        else:
            ky, kx, c = np.unravel_index(element, (kernel_h, kernel_w, channels))
        assert value == frames[frame, y * stride_h + ky, x * stride_w + kx, c]


@given(layers())
def test_needs_the_last_pixel_that_run_reads(layer: Layer) -> None:
    height, width, channels = layer.input.shape
    numbered = np.broadcast_to(np.arange(height * width).reshape(1, height, width, 1), (1, height, width, channels))
    assert (WINDOW.needs(layer, 0) == WINDOW.run(layer, [numbered])[0].max(axis=-1).reshape(-1)).all()


def reads(layer: Layer) -> Iterator[tuple[int, int, bool]]:
    """One word a pixel, frame after frame: (word to read, oldest word needed once it is read, is it a frame's last)."""
    (kernel_h, kernel_w), (stride_h, stride_w) = layer.numbers("kernel"), layer.numbers("stride")
    (height, width, words), (rows, columns, _) = layer.input.shape, layer.output.shape
    corners = [(y * stride_h * width + x * stride_w) * words for y in range(rows) for x in range(columns)]
    taps = [(ky, kx) for ky in range(kernel_h) for kx in range(kernel_w)]
    order = [(ky * width + kx) * words + word for ky, kx in taps for word in range(words)]
    if layer.number("depthwise"):
        order = [(ky * width + kx) * words + word for word in range(words) for ky, kx in taps]
    frame = 0
    while True:
        following = [*corners[1:], height * width * words]
        for corner, after in zip(corners, following, strict=True):
            for i, offset in enumerate(order):
                last = i == len(order) - 1
                oldest = after if last else corner
                yield frame + corner + offset, frame + oldest, last and corner == corners[-1]
        frame += height * width * words


def cycles_per_frame(layer: Layer, buffer_words: int, frames: int = 4) -> int:
    """What the kernel takes for its last frame of several: a word in and a word out a cycle, as far as it may."""
    source = reads(layer)
    word, oldest_after, frame_last = next(source)
    written = oldest = cycle = 0
    ends: list[int] = []
    while len(ends) < frames:
        write, read = written - oldest < buffer_words, word < written
        if read:
            oldest = oldest_after
            if frame_last:
                ends.append(cycle)
            word, oldest_after, frame_last = next(source)
        written += write
        cycle += 1
    return ends[-1] - ends[-2]


@settings(max_examples=60)
@given(layers())
def test_the_buffer_is_large_enough_for_the_exact_rate(layer: Layer) -> None:
    folding = Folding(1)
    assert cycles_per_frame(layer, WINDOW.memories(layer, folding)[0].words) == WINDOW.cycles(layer, folding)


def test_a_row_for_each_of_the_kernel_would_not_do() -> None:
    layer = make((6, 6), 1, (3, 3), (1, 1), 0)
    assert cycles_per_frame(layer, 3 * 6) > WINDOW.cycles(layer, Folding(1)), "the next frame's first rows find no room"


def test_buffer_is_words_of_the_folded_channels() -> None:
    layer = make((6, 6), 12, (3, 3), (1, 1), 0)
    foldings = [f for f in WINDOW.foldings(layer) if f.simd == 1]
    assert {m.bits for f in foldings for m in WINDOW.memories(layer, f)} == {(4 * 6 + 2 * 3 - 6 + 6) * 96}


@pytest.mark.parametrize(
    ("size", "kernel", "depthwise", "whole"),
    [
        ((6, 6), (3, 3), 0, [Folding(12, 9)]),
        ((6, 6), (3, 3), 1, [Folding(12, 9)]),  # for a depthwise convolution; a pool takes one position after the other
        ((6, 6), (1, 1), 0, []),  # one position is what a beat carries anyway
        ((6, 1), (3, 1), 0, []),  # a line buffer of one column would be read and written at once
        ((6, 2), (3, 1), 0, [Folding(12, 3)]),
    ],
)
def test_whole_windows_where_a_beat_can_carry_them(size, kernel, depthwise, whole) -> None:
    layer = make(size, 12, kernel, (1, 1), depthwise)
    assert [f for f in WINDOW.foldings(layer) if f.simd > 1] == whole


def test_whole_windows_keep_the_rows_above() -> None:
    layer = make((6, 5), 12, (3, 2), (2, 1), 0)
    (lines,) = WINDOW.memories(layer, Folding(12, 6))
    assert (lines.words, lines.width) == (5, 2 * 12 * 8)
    assert WINDOW.memories(make((6, 5), 12, (1, 2), (1, 1), 0), Folding(12, 2)) == []


@given(layers())
def test_whole_windows_take_a_pixel_a_cycle_and_wait_for_those_that_have_left(layer: Layer) -> None:
    """The window that a pixel finds in the output register, two pixels on, must have left when it enters."""
    whole = [f for f in WINDOW.foldings(layer) if f.simd > 1]
    assume(whole)
    pixels, needed = layer.input.pixels, WINDOW.needs(layer, 0)
    assert WINDOW.cycles(layer, whole[0]) == pixels
    completed = np.zeros(2 * pixels, dtype=int)
    completed[needed] += 1
    completed[pixels + needed] += 1
    in_register = [int(completed[: pixels + p - 1].sum()) - 1 - len(needed) for p in range(pixels)]
    room = WINDOW.room(layer, whole[0])
    assert room is not None and room.tolist() == in_register


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kernel": (0, 1), "stride": (1, 1)}, "at least 1"),
        ({"kernel": (1, 1), "stride": (1, 0)}, "at least 1"),
        ({"kernel": (3, 6), "stride": (1, 1)}, "3x6 is larger than its feature map of 5x5"),
        ({"kernel": (2, 2), "stride": (1, 1)}, "the windows are"),
    ],
)
def test_refuses(changes: dict[str, tuple[int, int]], message: str) -> None:
    layer = make((5, 5), 2, (3, 3), (1, 1), 0)
    with pytest.raises(UserError, match=f"window: .*{message}"):
        WINDOW.check(replace(layer, attributes={**changes, "depthwise": 0}))


@given(layers())
def test_the_least_buffer_pauses_but_never_stops(layer: Layer) -> None:
    """One window after the other: in the time of all reads and all writes, at the most."""
    small = replace(layer, attributes={**layer.attributes, "buffer": least_pixels(layer)})
    WINDOW.check(small)
    (memory,) = WINDOW.memories(small, Folding(1))
    assert memory.words == least_pixels(layer) * layer.input.channels
    ends = Tokens(Dataflow((small,), ()), {"window": Folding(1)}).run({}, 3).ends
    assert len(ends) == 3 and ends[2] - ends[1] <= layer.input.elements + layer.output.elements + 2


@pytest.mark.parametrize("pixels", [14, 31])
def test_a_buffer_of_no_use_is_refused(pixels: int) -> None:
    layer = make((6, 6), 1, (3, 3), (1, 1), 0)
    layer = replace(layer, attributes={**layer.attributes, "buffer": pixels})
    with pytest.raises(UserError, match=f"the buffer is 15 to 30 pixels, not {pixels}"):
        WINDOW.check(layer)


@pytest.mark.parametrize("depthwise", [0, 1])
def test_dilated_windows_are_pytorchs(depthwise: int) -> None:
    source = Stream((7, 9, 2), IntType(4, signed=False))
    attributes = {"kernel": (3, 2), "stride": (1, 2), "dilation": (2, 3), "depthwise": depthwise}
    layer = Layer("window", "sliding_window", (source,), (source,), attributes)
    layer = replace(layer, outputs=(WINDOW.output(layer),))
    WINDOW.check(layer)
    frames = np.random.default_rng(1).integers(0, 16, (2, 7, 9, 2))
    unfolded = torch.nn.functional.unfold(
        torch.from_numpy(frames.transpose(0, 3, 1, 2)).float(), (3, 2), dilation=(2, 3), stride=(1, 2)
    )  # (frames, channel and place under the kernel, windows)
    wanted = unfolded.numpy().transpose(0, 2, 1).reshape(2, *layer.output.shape[:2], 2, 6)
    wanted = wanted if depthwise else wanted.swapaxes(3, 4)
    assert np.array_equal(WINDOW.run(layer, [frames])[0], wanted.reshape(2, *layer.output.shape))
    assert all(folding.simd == 1 for folding in WINDOW.foldings(layer))


def test_refuses_a_dilated_kernel_that_reaches_beyond_the_map() -> None:
    source = Stream((4, 9, 2), IntType(4, signed=False))
    attributes = {"kernel": (3, 2), "stride": (1, 1), "dilation": (2, 1), "depthwise": 0}
    with pytest.raises(UserError, match="kernel of 3x2, spread over 5x2 pixels, is larger than its feature map of 4x9"):
        WINDOW.check(Layer("window", "sliding_window", (source,), (source,), attributes))
