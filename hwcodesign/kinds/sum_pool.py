"""Sum over windows: average pooling without the division. Attribute `window`: elements in each.

The input comes from a depthwise sliding window, as that of max_pool does: as an array, the `window` elements of channel
c lie side by side at c * window; on the wire, a block of `pe` channels comes as `window` beats.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Layer, Stream
from hwcodesign.kinds.kind import Folding, Kind, Logic, Memory, depthwise_order, divisors
from hwcodesign.kinds.motion import Motion


class SumPool(Kind):
    """One beat of `pe` channels a cycle."""

    name = "sum_pool"

    def output(self, layer: Layer) -> Stream:
        """A sum for each window and channel, in the narrowest type that holds every one."""
        (rows, columns, elements), window = layer.input.shape, _window(layer)
        bounds = layer.input.interval.times(window)
        return Stream((rows, columns, elements // window), bounds.type, bounds)

    def check(self, layer: Layer) -> None:
        elements, window = layer.input.channels, _window(layer)
        if window < 1 or elements % window:
            raise UserError(f"{layer.name}: {elements} elements a pixel are no whole number of windows of {window}")
        sums = self.output(layer)
        if layer.output.shape != sums.shape or layer.output.type != sums.type:
            raise UserError(
                f"{layer.name}: the sums over {window} of {elements} {layer.input.type} are {sums.shape} {sums.type}, "
                f"not {layer.output.shape} {layer.output.type}"
            )

    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        frames = inputs[0]
        return [frames.reshape(*frames.shape[:-1], layer.output.channels, _window(layer)).sum(axis=-1)]

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
        """Estimate: an adder of one LUT a bit, which the first element passes; the sums' registers, a counter."""
        bits, counter_bits = layer.output.type.bits, (_window(layer) - 1).bit_length()
        return Logic(lut=folding.pe * bits + counter_bits + 4, ff=folding.pe * bits + counter_bits + 2)

    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        kind = layer.input.type
        return {
            "PE": folding.pe,
            "IN_BITS": kind.bits,
            "IN_SIGNED": int(kind.signed),
            "SUM_BITS": layer.output.type.bits,
            "WINDOW": _window(layer),
        }


def _window(layer: Layer) -> int:
    return layer.number("window")
