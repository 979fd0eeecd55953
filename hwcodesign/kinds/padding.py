"""One value around every feature map.

Attributes: `pad`, (top, left, bottom, right) in pixels; `value`, of the input's type, 0 where it is not given. A max
pool pads with the lowest value of its type, which is never above another.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Layer, Stream
from hwcodesign.kinds.kind import Folding, Kind, Logic, Memory, Storage
from hwcodesign.kinds.motion import Motion, Pipeline

_WIDEST = 31  # bits of an element whose code a parameter holds; of zeros it may be any


class Padding(Kind):
    """The input in a border; one beat of `pe` elements a cycle."""

    name = "padding"
    takes_narrow = True
    finn_operators = ("FMPadding",)
    finn_type = True

    def output(self, layer: Layer) -> Stream:
        """The border is among what leaves."""
        (height, width, channels), (top, left, bottom, right) = layer.input.shape, layer.numbers("pad")
        shape = (height + top + bottom, width + left + right, channels)
        return Stream(shape, layer.input.type, layer.input.interval.including(_value(layer)))

    def check(self, layer: Layer) -> None:
        int_type, value = layer.input.type, _value(layer)
        if int_type.bipolar and value == 0:
            raise UserError(
                f"{layer.name}: a bipolar feature map (-1, +1) cannot be padded with zeros: "
                "set padding to 0, or give the layer before it 2 bits"
            )
        if not int_type.min <= value <= int_type.max or (value and int_type.bits > _WIDEST):
            raise UserError(
                f"{layer.name}: the border must be of type {int_type}, and of no more than {_WIDEST} bits, not {value}"
            )
        pad = layer.numbers("pad")
        if len(pad) != 4 or min(pad) < 0:
            raise UserError(f"{layer.name}: pad must be four numbers of 0 or more, not {pad}")

    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        top, left, bottom, right = layer.numbers("pad")
        border = ((0, 0), (top, bottom), (left, right), (0, 0))
        frames = inputs[0].astype(np.promote_types(inputs[0].dtype, layer.output.type.dtype), copy=False)
        return [np.pad(frames, border, constant_values=_value(layer))]

    def cycles(self, layer: Layer, folding: Folding) -> int:
        return layer.output.elements // folding.pe

    def motion(self, layer: Layer, folding: Folding) -> Motion:
        inside = np.diff(self.needs(layer, 0), prepend=-1) > 0
        return Pipeline(tuple((int(taken), 1, layer.output.channels // folding.pe) for taken in inside))

    def latency(self, layer: Layer, folding: Folding) -> int:
        return 1

    def needs(self, layer: Layer, port: int) -> np.ndarray:
        """A border pixel needs what the pixel before it needed; before the first of these that is none: -1."""
        top, left, _, _ = layer.numbers("pad")
        height, width, _ = layer.input.shape
        inside = np.full(layer.output.shape[:2], -1)
        inside[top : top + height, left : left + width] = np.arange(height * width).reshape(height, width)
        return np.maximum.accumulate(inside.ravel())

    def working(self, layer: Layer, folding: Folding) -> tuple[str, ...]:
        """Its border takes no input."""
        return ("step",)

    def memories(self, layer: Layer, folding: Folding) -> list[Memory]:
        return []

    def logic(self, layer: Layer, folding: Folding) -> Logic:
        """Flip-flops as declared. LUTs estimated: counters and comparators; the border costs nothing."""
        width = folding.pe * layer.input.type.bits
        beats = layer.input.channels // folding.pe
        counters = sum(size.bit_length() for size in (beats, *layer.output.shape[:2]))
        return Logic(lut=3 * counters + 6, ff=width + counters + 1)

    def finn_attributes(self, layer: Layer, folding: Folding, storage: Mapping[str, Storage]) -> dict[str, int | str]:
        return {"SIMD": folding.pe}

    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        top, left, bottom, right = layer.numbers("pad")
        return {
            "WIDTH": folding.pe * layer.input.type.bits,
            **_border(layer),
            "BEATS": layer.input.channels // folding.pe,
            "IN_HEIGHT": layer.input.shape[0],
            "IN_WIDTH": layer.input.shape[1],
            "TOP": top,
            "BOTTOM": bottom,
            "LEFT": left,
            "RIGHT": right,
        }


def _value(layer: Layer) -> int:
    return layer.number("value") if "value" in layer.attributes else 0


def _border(layer: Layer) -> Mapping[str, int]:
    """The parameters of the border's value; none where its code is 0."""
    int_type = layer.input.type
    code = int(int_type.encode(np.array(_value(layer))))
    return {"BITS": int_type.bits, "VALUE": code} if code else {}
