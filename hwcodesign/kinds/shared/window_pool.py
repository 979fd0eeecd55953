"""What pools have in common: a depthwise sliding window in front, and one number made of each window's elements.

As an array, the `window` elements of channel c lie side by side at c * window; on the wire, a block of `pe` channels
comes as `window` beats, so the window in front has the same lanes.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Layer
from hwcodesign.kinds.kind import Folding, Kind, Memory, depthwise_order, divisors
from hwcodesign.kinds.motion import Motion


class WindowPool(Kind):
    """One beat of `pe` channels a cycle. Attribute `window`: elements in each."""

    result: ClassVar[str]  # what `pooled` makes of the windows, with its verb

    @abstractmethod
    def pooled(self, windows: np.ndarray) -> np.ndarray:
        """int64 (..., channels, window) to (..., channels)."""

    def check(self, layer: Layer) -> None:
        elements, window = layer.input.channels, self.window(layer)
        if window < 1 or elements % window:
            raise UserError(f"{layer.name}: {elements} elements a pixel are no whole number of windows of {window}")
        self.require_output(layer, self.result.format(window=window, elements=elements, type=layer.input.type))

    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        frames = inputs[0]
        return [self.pooled(frames.reshape(*frames.shape[:-1], layer.output.channels, self.window(layer)))]

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

    @staticmethod
    def window(layer: Layer) -> int:
        """Elements in each window."""
        return layer.number("window")
