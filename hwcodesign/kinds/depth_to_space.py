"""Pixel shuffle: the channels of a pixel become a block of smaller pixels.

Attribute `factors`: how many rows and how many columns become of one. The channels come in the order (row of the block,
column of the block, channel), ONNX's DCR; a gather in front makes it of another.

A row of the input is, in its own order, a row of pieces, as many of a pixel as rows become of one; the output's rows
each take one piece of every pixel. That is a window over the pieces, as wide as the row and dilated by the pieces of a
pixel, which moves by one piece: the sliding window's kernel, its ring buffer and its pace are those of this kind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Attribute, Layer, Stream
from hwcodesign.kinds.kind import Folding, Kind, Logic, Memory, divisors
from hwcodesign.kinds.motion import Buffer, Motion
from hwcodesign.kinds.sliding_window import SlidingWindow

_WINDOW = SlidingWindow()


class DepthToSpace(Kind):
    """One beat of `pe` channels in and one out a cycle; the memory `buffer` keeps what later rows need."""

    name = "depth_to_space"
    takes_narrow = True
    leaves_early = True
    sized_by = "buffer"
    cells = ("sliding_window", "ram", "ram_bank")

    def output(self, layer: Layer) -> Stream:
        (height, width, channels), (rows, columns) = layer.input.shape, layer.numbers("factors")
        return replace(layer.input, shape=(height * rows, width * columns, channels // (rows * columns)))

    def check(self, layer: Layer) -> None:
        factors, channels = layer.numbers("factors"), layer.input.channels
        if len(factors) != 2 or min(factors) < 1 or max(factors) < 2:
            raise UserError(f"{layer.name}: a pixel becomes a block of 1 or more by 1 or more, not both, not {factors}")
        if channels % (factors[0] * factors[1]):
            block = f"{factors[0]}x{factors[1]}"
            raise UserError(f"{layer.name}: {channels} channels do not divide into blocks of {block} pixels")
        self.require_output(layer, "the larger map is", bounds=True)
        _WINDOW.check(_window(layer))

    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        (height, width, _), factors = layer.input.shape, layer.numbers("factors")
        blocks = inputs[0].reshape(len(inputs[0]), height, width, *factors, -1).swapaxes(2, 3)
        return [np.ascontiguousarray(blocks).reshape(len(inputs[0]), *layer.output.shape)]

    def foldings(self, layer: Layer) -> list[Folding]:
        """A beat is part of one of the smaller pixels."""
        return [Folding(pe) for pe in divisors(layer.output.channels)]

    def motion(self, layer: Layer, folding: Folding) -> Motion:
        return _WINDOW.motion(_window(layer), folding)

    def buffer(self, layer: Layer, folding: Folding) -> Buffer | None:
        return _WINDOW.buffer(_window(layer), folding)

    def latency(self, layer: Layer, folding: Folding) -> int:
        """From a beat in to the same beat out, so never later than this after a pixel's last."""
        return _WINDOW.latency(_window(layer), folding)

    def needs(self, layer: Layer, port: int) -> np.ndarray:
        """Beats leave in order, so a row's first waits for what the row before waited for."""
        (height, width, _), (rows, columns) = layer.input.shape, layer.numbers("factors")
        pixels = np.arange(height * width).reshape(height, 1, width, 1)
        return np.maximum.accumulate(np.broadcast_to(pixels, (height, rows, width, columns)).ravel())

    def pixel_cycles(self, layer: Layer, folding: Folding) -> int:
        return layer.output.channels // folding.pe

    def elastic(self, layer: Layer, folding: Folding) -> bool:
        return True

    def room(self, layer: Layer, folding: Folding) -> np.ndarray | None:
        """There is room for a pixel when there is for its last piece, which the pixels of whole windows free."""
        window, rows = _window(layer), layer.numbers("factors")[0]
        freed = _WINDOW.room(window, folding)
        assert freed is not None
        sent: np.ndarray = (freed[rows - 1 :: rows] + 1) * (layer.output.pixels // window.output.pixels) - 1
        return sent

    def memories(self, layer: Layer, folding: Folding) -> list[Memory]:
        return _WINDOW.memories(_window(layer), folding)

    def logic(self, layer: Layer, folding: Folding) -> Logic:
        return _WINDOW.logic(_window(layer), folding)

    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        (height, width, _), (rows, columns) = layer.input.shape, layer.numbers("factors")
        return {
            "PE": folding.pe,
            "BITS": layer.input.type.bits,
            "HEIGHT": height,
            "WIDTH": width,
            "FACTOR_H": rows,
            "WORDS": columns * layer.output.channels // folding.pe,
            "BUFFER_WORDS": self.memories(layer, folding)[0].words,
        }


def _window(layer: Layer) -> Layer:
    """The window over pieces that the layer is. Where rows stay rows, nothing changes its place."""
    (height, width, channels), (rows, _) = layer.input.shape, layer.numbers("factors")
    pieces, across = channels // rows, width if rows > 1 else 1
    source = replace(layer.input, shape=(height, width * rows, pieces))
    attributes: dict[str, Attribute] = {"kernel": (1, across), "stride": (1, 1), "depthwise": 0, "dilation": (1, rows)}
    if "buffer" in layer.attributes:
        attributes["buffer"] = layer.attributes["buffer"]
    windows = Layer(layer.name, _WINDOW.name, (source,), (source,), attributes)
    return replace(windows, outputs=(_WINDOW.output(windows),))
