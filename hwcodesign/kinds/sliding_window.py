"""Windows of a feature map: output pixel (y, x) is the kernel_h x kernel_w input pixels from (y * stride_h, x *
stride_w) on.

Attributes: `kernel` (height, width), `stride` (height, width), `depthwise` 0 or 1; `dilation` (height, width), if it is
there: the distance of neighbours under the kernel, 1 where it is not. Elements of an output pixel come in
the order (kernel row, kernel column, channel). Depthwise, for a max pool: as an array, (channel, kernel row, kernel
column); on the wire, where a beat is a block of `pe` channels, (block, kernel row, kernel column, channel in block).
Rows and columns at the end that no window covers are dropped. `buffer`, if it is there: pixels that the ring buffer of
the first of these kernels keeps, from `least_pixels` to `buffer_pixels`; without it, the latter.

Two kernels. `simd` = 1: one beat of `pe` channels in and one out a cycle, so that a feature map of few channels leaves
slowly whatever its reader could take. `simd` = kernel_h * kernel_w: all channels of a pixel in and a whole window out a
cycle, in the same order depthwise or not, since the block is then all channels.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.core.windows import extent, window_positions
from hwcodesign.dataflow import Layer, Stream
from hwcodesign.kinds.kind import Folding, Kind, Logic, Memory, Storage, depthwise_order, divisors
from hwcodesign.kinds.motion import Buffer, Motion, Pipeline, Ring


class SlidingWindow(Kind):
    """`pe` channels in and `simd` times as many out a cycle; the memory `buffer` keeps what later windows need."""

    name = "sliding_window"
    takes_narrow = True
    folded_with_reader = True
    sized_by = "buffer"
    finn_operators = ("ConvolutionInputGenerator",)
    finn_type = True
    cells = ("parallel_window", "ram", "ram_bank")

    def module(self, folding: Folding) -> str:
        return "parallel_window" if folding.simd > 1 else self.name

    def output(self, layer: Layer) -> Stream:
        elements = math.prod(layer.numbers("kernel")) * layer.input.channels
        return replace(layer.input, shape=(*_positions(layer), elements))

    def check(self, layer: Layer) -> None:
        (height, width, _), (kernel_h, kernel_w) = layer.input.shape, _pair(layer, "kernel")
        if min(kernel_h, kernel_w, *_pair(layer, "stride"), *_dilation(layer)) < 1:
            raise UserError(f"{layer.name}: kernel, stride and dilation must be at least 1")
        tall, wide = _extent(layer)
        if tall > height or wide > width:
            spread = f", spread over {tall}x{wide} pixels," if "dilation" in layer.attributes else ""
            raise UserError(
                f"{layer.name}: a kernel of {kernel_h}x{kernel_w}{spread} is larger than its feature map of "
                f"{height}x{width}; use a smaller kernel, or padding"
            )
        self.require_output(layer, "the windows are")
        least, most = least_pixels(layer), buffer_pixels(layer)
        if not least <= kept_pixels(layer) <= most:
            raise UserError(f"{layer.name}: the buffer is {least} to {most} pixels, not {kept_pixels(layer)}")

    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        frames, (rows, columns) = inputs[0], _positions(layer)
        (kernel_h, kernel_w), (stride_h, stride_w) = _pair(layer, "kernel"), _pair(layer, "stride")
        down, across = _dilation(layer)
        if not layer.attributes["depthwise"]:
            views = np.lib.stride_tricks.sliding_window_view(frames, _extent(layer), axis=(1, 2))
            windows = views[:, ::stride_h, ::stride_w, :, ::down, ::across].transpose(0, 1, 2, 4, 5, 3)
            return [windows.reshape(len(frames), rows, columns, -1)]
        # One position of the kernel after the other: numpy copies long runs of channels faster than short ones.
        found = np.empty((len(frames), rows, columns, frames.shape[3], kernel_h * kernel_w), frames.dtype)
        for place, (y, x) in enumerate(np.ndindex(kernel_h, kernel_w)):
            found[..., place] = frames[:, y * down :: stride_h, x * across :: stride_w][:, :rows, :columns]
        return [found.reshape(len(frames), rows, columns, -1)]

    def foldings(self, layer: Layer) -> list[Folding]:
        """A whole window a beat needs all channels at once, no gaps, and a feature map of at least two columns."""
        found = [Folding(pe) for pe in divisors(layer.input.channels)]
        positions = math.prod(layer.numbers("kernel"))
        if positions > 1 and layer.input.shape[1] > 1 and "dilation" not in layer.attributes:
            found.append(Folding(layer.input.channels, positions))
        return found

    def lanes(self, layer: Layer, folding: Folding) -> tuple[int, int]:
        return folding.pe, folding.pe * folding.simd

    def cycles(self, layer: Layer, folding: Folding) -> int:
        in_lanes, out_lanes = self.lanes(layer, folding)
        return max(layer.input.elements // in_lanes, layer.output.elements // out_lanes)

    def motion(self, layer: Layer, folding: Folding) -> Motion:
        """A ring buffer; or a beat in for every pixel, and a whole window out with each that completes one."""
        if folding.simd == 1:
            return Ring(self.memories(layer, folding)[0].words, walk(layer, folding))
        completes = np.isin(np.arange(layer.input.pixels), self.needs(layer, 0))
        return Pipeline(tuple((1, int(last), 1) for last in completes))

    def buffer(self, layer: Layer, folding: Folding) -> Buffer | None:
        if folding.simd > 1:
            return None
        words, bits = layer.input.channels // folding.pe, folding.pe * layer.input.type.bits
        return Buffer(layer.name, least_pixels(layer), buffer_pixels(layer), words, bits)

    def waiting(self, layer: Layer, frame_cycles: float, pixel_cycles: int) -> int:
        """Whole windows: pixels come evenly, and so complete them faster than on the average in a row and in a frame.

        Those that the reader has not read by the end of the row's span, or of the frame's, wait.
        """
        (_, width, _), (rows, columns) = layer.input.shape, _positions(layer)
        stride_h, stride_w = _pair(layer, "stride")
        row = (columns - 1) * stride_w
        frame = (rows - 1) * stride_h * width + row
        pixel = frame_cycles / layer.input.pixels / pixel_cycles
        return math.ceil(max(columns - row * pixel, rows * columns - frame * pixel))

    def latency(self, layer: Layer, folding: Folding) -> int:
        """From an input beat to the output beat with it; beats before a window's last leave before it is complete."""
        return 2

    def needs(self, layer: Layer, port: int) -> np.ndarray:
        (tall, wide), (stride_h, stride_w) = _extent(layer), _pair(layer, "stride")
        rows, columns = _positions(layer)
        last_row = np.arange(rows) * stride_h + tall - 1
        last_column = np.arange(columns) * stride_w + wide - 1
        return (last_row[:, None] * layer.input.shape[1] + last_column).reshape(-1)

    def pixel_cycles(self, layer: Layer, folding: Folding) -> int:
        return layer.output.channels // (folding.pe * folding.simd)

    def input_slot(self, layer: Layer, folding: Folding, port: int) -> tuple[int, int]:
        """The last pixel of a window is read last; depthwise, last of every block."""
        if folding.simd > 1:
            return 0, 1
        words, pixels = layer.input.channels // folding.pe, math.prod(layer.numbers("kernel"))
        return (pixels - 1, words * pixels) if layer.number("depthwise") else ((pixels - 1) * words, words)

    def elastic(self, layer: Layer, folding: Folding) -> bool:
        return folding.simd == 1

    def room(self, layer: Layer, folding: Folding) -> np.ndarray | None:
        """A window that has been sent frees the pixels before the next window's first; the buffer holds the others.

        A whole window leaves before the pixel after the next one enters: there is no buffer but the pipeline.
        """
        if folding.simd > 1:
            pixels, last = layer.input.pixels, self.needs(layer, 0)
            over_two_frames = np.concatenate([last - pixels, last])
            sent: np.ndarray = over_two_frames.searchsorted(np.arange(pixels) - 2, side="right") - 1 - len(last)
            return sent
        (height, width, _), (stride_h, stride_w) = layer.input.shape, _pair(layer, "stride")
        rows, columns = _positions(layer)
        firsts = (np.arange(rows)[:, None] * stride_h * width + np.arange(columns) * stride_w).reshape(-1)
        back = -(-kept_pixels(layer) // (height * width)) + 1  # earlier frames that the buffer may reach into
        over_frames = (np.arange(-back, 2)[:, None] * height * width + firsts).reshape(-1)
        still_needed = np.arange(1, height * width + 1) - kept_pixels(layer)
        blockers: np.ndarray = over_frames.searchsorted(still_needed) - 1 - back * rows * columns
        return blockers

    def working(self, layer: Layer, folding: Folding) -> tuple[str, ...]:
        """The side that has more beats sets the pace."""
        if folding.simd > 1:
            return ("take",)
        return ("read",) if layer.output.elements >= layer.input.elements else ("write",)

    def to_wire(self, layer: Layer, folding: Folding, array: np.ndarray, side: Literal["in", "out"]) -> np.ndarray:
        """Depthwise windows come block of channels by block of channels."""
        if side == "in" or not layer.attributes["depthwise"]:
            return array
        return depthwise_order(array, layer.input.channels, folding.pe)

    def memories(self, layer: Layer, folding: Folding) -> list[Memory]:
        """Without whole windows, a ring of beats; with them, the rows above the present one, a column a word."""
        beat_bits = folding.pe * layer.input.type.bits
        if folding.simd == 1:
            words = kept_pixels(layer) * (layer.input.channels // folding.pe)
            return [Memory("buffer", words, beat_bits, writable=True)]
        rows_above = _pair(layer, "kernel")[0] - 1
        return [Memory("buffer", layer.input.shape[1], rows_above * beat_bits, writable=True)] if rows_above else []

    def logic(self, layer: Layer, folding: Folding) -> Logic:
        """Estimate: two addresses in the ring, two fill levels with their adders, five loop counters.

        With whole windows: the window's register, a pixel, two counters a side with their comparators, an address;
        the flip-flops are then exact.
        """
        if folding.simd > 1:
            row_bits, column_bits = (side.bit_length() for side in layer.input.shape[:2])
            window_bits = (folding.simd + 1) * folding.pe * layer.input.type.bits
            lut = 3 * (row_bits + column_bits)
            return Logic(lut, ff=window_bits + 2 * row_bits + 3 * column_bits + 3, parts={"whole_windows": lut})
        address_bits = self.memories(layer, folding)[0].words.bit_length()
        loop_bits = self.cycles(layer, folding).bit_length() + 5
        lut = 9 * address_bits + 2 * loop_bits + 10
        return Logic(lut, ff=4 * address_bits + loop_bits + 5, parts={"walk": lut})

    def finn_attributes(self, layer: Layer, folding: Folding, storage: Mapping[str, Storage]) -> dict[str, int | str]:
        ram = {"ram_style": storage["buffer"].finn_style} if "buffer" in storage else {}
        return {"SIMD": folding.pe, "parallel_window": int(folding.simd > 1), **ram}

    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        (kernel_h, kernel_w), (stride_h, stride_w) = _pair(layer, "kernel"), _pair(layer, "stride")
        height, width, channels = layer.input.shape
        sizes = {
            "HEIGHT": height,
            "WIDTH": width,
            "KERNEL_H": kernel_h,
            "KERNEL_W": kernel_w,
            "STRIDE_H": stride_h,
            "STRIDE_W": stride_w,
        }
        if "dilation" in layer.attributes:
            sizes |= dict(zip(("DILATION_H", "DILATION_W"), _dilation(layer), strict=True))
        if folding.simd > 1:
            return sizes | {"PIXEL": channels * layer.input.type.bits}
        return sizes | {
            "PE": folding.pe,
            "BITS": layer.input.type.bits,
            "WORDS": channels // folding.pe,
            "DEPTHWISE": layer.number("depthwise"),
            "BUFFER_WORDS": self.memories(layer, folding)[0].words,
        }


def kept_pixels(layer: Layer) -> int:
    """Pixels that the ring buffer keeps."""
    return layer.number("buffer") if "buffer" in layer.attributes else buffer_pixels(layer)


def least_pixels(layer: Layer) -> int:
    """Pixels from a window's first to its last: with fewer there would never be a whole one.

    With so many the kernel reads a window only when it has come in, and frees it before the next comes in: it pauses
    where the windows move far, between rows and between frames.
    """
    tall, wide = _extent(layer)
    return (tall - 1) * layer.input.shape[1] + wide


def buffer_pixels(layer: Layer) -> int:
    """Pixels to keep so that neither the input nor the output ever waits for the other in the steady state.

    While a window is read, all that the next one needs must already find room beside what the present one still needs:
    the distance that the window moves, plus the pixels from a window's first to its last. It moves furthest from a
    frame's last window to the next frame's first.
    """
    height, width, _ = layer.input.shape
    (stride_h, stride_w), (rows, columns) = _pair(layer, "stride"), _positions(layer)
    back = (columns - 1) * stride_w
    moves = [(height - (rows - 1) * stride_h) * width - back]
    if rows > 1:
        moves.append(stride_h * width - back)
    if columns > 1:
        moves.append(stride_w)
    return max(moves) + least_pixels(layer)


def _positions(layer: Layer) -> tuple[int, int]:
    """Rows and columns of the output."""
    rows, columns = map(window_positions, layer.input.shape[:2], _extent(layer), _pair(layer, "stride"))
    return rows, columns


def _dilation(layer: Layer) -> tuple[int, int]:
    """The distance of neighbours under the kernel."""
    return _pair(layer, "dilation") if "dilation" in layer.attributes else (1, 1)


def _extent(layer: Layer) -> tuple[int, int]:
    """Rows and columns from a window's first pixel to its last, both included."""
    return extent(_pair(layer, "kernel"), _dilation(layer))


def _pair(layer: Layer, attribute: str) -> tuple[int, int]:
    first, second = layer.numbers(attribute)
    return first, second


def walk(layer: Layer, folding: Folding) -> tuple[int, ...]:
    """How a sliding window reads its ring buffer: the local parameters of sliding_window.sv, in the order of Walk."""
    words = layer.input.channels // folding.pe
    (kernel_h, kernel_w), (stride_h, stride_w) = layer.numbers("kernel"), layer.numbers("stride")
    (height, width, _), (rows, columns, _) = layer.input.shape, layer.output.shape
    row, back = width * words, (columns - 1) * stride_w * words
    free = (stride_w * words, stride_h * row - back, (height - (rows - 1) * stride_h) * row - back)
    (tall, wide), (down, across) = _extent(layer), _dilation(layer)
    last = (tall - 1) * row + wide * words - 1
    next_row = down * row - (wide - 1) * words  # from a kernel row's last pixel to the next one's first
    if layer.number("depthwise"):
        return kernel_w, kernel_h, words, columns, rows, across * words, next_row, words - last, last, *free
    next_column = (across - 1) * words + 1
    return words, kernel_w, kernel_h, columns, rows, 1, next_column, next_row - words + 1, last, *free
