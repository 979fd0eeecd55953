"""Zeros around every picture. Attribute: `pad`, (top, left, bottom, right) in pixels."""

from collections.abc import Mapping, Sequence

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Layer, Stream
from hwcodesign.kinds.kind import Folding, Kind, Logic, Memory


class Padding(Kind):
    """The input in a border of zeros; one beat of `pe` elements a cycle."""

    name = "padding"

    def output(self, layer: Layer) -> Stream:
        """Zeros are among what leaves."""
        (height, width, channels), (top, left, bottom, right) = layer.input.shape, layer.numbers("pad")
        shape = (height + top + bottom, width + left + right, channels)
        return Stream(shape, layer.input.type, layer.input.interval.including(0))

    def check(self, layer: Layer) -> None:
        if layer.input.type.bipolar:
            raise UserError(
                f"{layer.name}: a bipolar picture (-1, +1) cannot be padded with zeros: "
                "set padding to 0, or give the layer before it 2 bits"
            )
        pad = layer.numbers("pad")
        if len(pad) != 4 or min(pad) < 0:
            raise UserError(f"{layer.name}: pad must be four numbers of 0 or more, not {pad}")

    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        top, left, bottom, right = layer.numbers("pad")
        return [np.pad(inputs[0], ((0, 0), (top, bottom), (left, right), (0, 0)))]

    def cycles(self, layer: Layer, folding: Folding) -> int:
        return layer.output.elements // folding.pe

    def latency(self, layer: Layer, folding: Folding) -> int:
        return 1

    def needs(self, layer: Layer, port: int) -> np.ndarray:
        """A border pixel needs what the pixel before it needed; before the first picture pixel that is none: -1."""
        top, left, _, _ = layer.numbers("pad")
        height, width, _ = layer.input.shape
        picture = np.full(layer.output.shape[:2], -1)
        picture[top : top + height, left : left + width] = np.arange(height * width).reshape(height, width)
        return np.maximum.accumulate(picture.ravel())

    def memories(self, layer: Layer, folding: Folding) -> list[Memory]:
        return []

    def logic(self, layer: Layer, folding: Folding) -> Logic:
        """Flip-flops as declared. LUTs estimated: counters and comparators; zeros are the register's reset."""
        width = folding.pe * layer.input.type.bits
        beats = layer.input.channels // folding.pe
        counters = sum(size.bit_length() for size in (beats, *layer.output.shape[:2]))
        return Logic(lut=3 * counters + 6, ff=width + counters + 1)

    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        top, left, bottom, right = layer.numbers("pad")
        return {
            "WIDTH": folding.pe * layer.input.type.bits,
            "BEATS": layer.input.channels // folding.pe,
            "IN_HEIGHT": layer.input.shape[0],
            "IN_WIDTH": layer.input.shape[1],
            "TOP": top,
            "BOTTOM": bottom,
            "LEFT": left,
            "RIGHT": right,
        }
