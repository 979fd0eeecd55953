"""Maximum over windows. Attribute `window`: elements in each.

The input comes from a depthwise sliding window: as an array, the `window` elements of channel c lie side by side at
c * window; on the wire, a block of `pe` channels comes as `window` beats, so the window in front has the same lanes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Layer, Stream
from hwcodesign.kinds.kind import Folding, Kind, Logic, Memory, depthwise_order, divisors
from hwcodesign.kinds.motion import Motion


class MaxPool(Kind):
    """One beat of `pe` channels a cycle."""

    name = "max_pool"
    finn_operators = ("Pool",)

    def output(self, layer: Layer) -> Stream:
        rows, columns, elements = layer.input.shape
        return replace(layer.input, shape=(rows, columns, elements // _window(layer)))

    def check(self, layer: Layer) -> None:
        elements, window = layer.input.channels, _window(layer)
        if window < 1 or elements % window:
            raise UserError(f"{layer.name}: {elements} elements a pixel are no whole number of windows of {window}")
        expected = self.output(layer).shape
        if layer.output.shape != expected or layer.output.type != layer.input.type:
            raise UserError(
                f"{layer.name}: the maximum over {window} of {elements} is {expected} {layer.input.type}, "
                f"not {layer.output.shape} {layer.output.type}"
            )

    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        frames = inputs[0]
        return [frames.reshape(*frames.shape[:-1], layer.output.channels, _window(layer)).max(axis=-1)]

    def foldings(self, layer: Layer) -> list[Folding]:
        return [Folding(pe) for pe in divisors(layer.output.channels)]

    def motion(self, layer: Layer, folding: Folding) -> Motion:
        return self.pixel_by_pixel(layer, folding)

    def latency(self, layer: Layer, folding: Folding) -> int:
        return 1

    def to_wire(self, layer: Layer, folding: Folding, array: np.ndarray, side: Literal["in", "out"]) -> np.ndarray:
        """Depthwise windows come block of channels by block of channels."""
        if side == "out":
            return array
        return depthwise_order(array, layer.output.channels, folding.pe)

    def memories(self, layer: Layer, folding: Folding) -> list[Memory]:
        return []

    def logic(self, layer: Layer, folding: Folding) -> Logic:
        """Estimate: a comparator of one LUT for two bits; the maxima's registers and a counter."""
        bits, counter_bits = layer.input.type.bits, (_window(layer) - 1).bit_length()
        return Logic(lut=folding.pe * (bits // 2 + 1) + counter_bits + 4, ff=folding.pe * bits + counter_bits + 1)

    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        kind = layer.input.type
        return {
            "PE": folding.pe,
            "BITS": kind.bits,
            "SIGNED": int(kind.signed and not kind.bipolar),
            "WINDOW": _window(layer),
        }


def _window(layer: Layer) -> int:
    return layer.number("window")
