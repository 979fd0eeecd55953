"""Sum over windows: average pooling without the division. Attribute `window`: elements in each.

The input is laid out as shared/window_pool.py says.
"""

from collections.abc import Mapping

import numpy as np

from hwcodesign.dataflow import Layer, Stream
from hwcodesign.kinds.kind import Folding, Logic
from hwcodesign.kinds.shared.window_pool import WindowPool


class SumPool(WindowPool):
    """One beat of `pe` channels a cycle."""

    name = "sum_pool"
    takes_narrow = True
    result = "the sums over {window} of {elements} {type} are"

    def output(self, layer: Layer) -> Stream:
        """A sum for each window and channel, in the narrowest type that holds every one."""
        (rows, columns, elements), window = layer.input.shape, self.window(layer)
        bounds = layer.input.interval.times(window)
        return Stream((rows, columns, elements // window), bounds.type, bounds)

    def pooled(self, windows: np.ndarray) -> np.ndarray:
        sums: np.ndarray = windows.sum(axis=-1, dtype=np.int64)
        return sums

    def logic(self, layer: Layer, folding: Folding) -> Logic:
        """Estimate: an adder of one LUT a bit, which the first element passes; the sums' registers, a counter."""
        bits, counter_bits = layer.output.type.bits, (self.window(layer) - 1).bit_length()
        return Logic(lut=folding.pe * bits + counter_bits + 4, ff=folding.pe * bits + counter_bits + 2)

    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        int_type = layer.input.type
        return {
            "PE": folding.pe,
            "IN_BITS": int_type.bits,
            "IN_SIGNED": int(int_type.signed),
            "SUM_BITS": layer.output.type.bits,
            "WINDOW": self.window(layer),
        }
