"""Maximum over windows. Attribute `window`: elements in each. The input is laid out as shared/window_pool.py says."""

from collections.abc import Mapping
from dataclasses import replace
from functools import reduce

import numpy as np

from hwcodesign.dataflow import Layer, Stream
from hwcodesign.kinds.kind import Folding, Logic
from hwcodesign.kinds.shared.window_pool import WindowPool


class MaxPool(WindowPool):
    """One beat of `pe` channels a cycle."""

    name = "max_pool"
    takes_narrow = True
    finn_operators = ("Pool",)
    finn_type = True
    result = "the maximum over {window} of {elements} is"

    def output(self, layer: Layer) -> Stream:
        rows, columns, elements = layer.input.shape
        return replace(layer.input, shape=(rows, columns, elements // self.window(layer)))

    def pooled(self, windows: np.ndarray) -> np.ndarray:
        return reduce(np.maximum, np.moveaxis(windows, -1, 0))  # faster than along a short axis

    def logic(self, layer: Layer, folding: Folding) -> Logic:
        """Estimate: a comparator of one LUT for two bits; the maxima's registers and a counter."""
        bits, counter_bits = layer.input.type.bits, (self.window(layer) - 1).bit_length()
        return Logic(lut=folding.pe * (bits // 2 + 1) + counter_bits + 4, ff=folding.pe * bits + counter_bits + 1)

    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        int_type = layer.input.type
        return {
            "PE": folding.pe,
            "BITS": int_type.bits,
            "SIGNED": int(int_type.signed and not int_type.bipolar),
            "WINDOW": self.window(layer),
        }
