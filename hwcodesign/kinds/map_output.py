"""The end of a network whose scores are a feature map: every pixel's leave, one element a beat.

The order is that of all streams: row by row, pixel by pixel, channels innermost. No attributes; the output is signed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from hwcodesign.dataflow import Layer, Stream
from hwcodesign.kinds.kind import Folding, Kind, Logic, Memory
from hwcodesign.kinds.motion import Motion


class MapOutput(Kind):
    """One element a cycle."""

    name = "map_output"
    takes_narrow = True

    def output(self, layer: Layer) -> Stream:
        bounds = layer.input.interval
        return replace(layer.input, type=bounds.signed_type, bounds=bounds)

    def check(self, layer: Layer) -> None:
        self.require_output(layer, "what leaves is")

    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [inputs[0].astype(layer.output.type.dtype)]

    def foldings(self, layer: Layer) -> list[Folding]:
        return [Folding(1)]

    def motion(self, layer: Layer, folding: Folding) -> Motion:
        return self.pixel_by_pixel(layer, folding)

    def latency(self, layer: Layer, folding: Folding) -> int:
        return 1

    def memories(self, layer: Layer, folding: Folding) -> list[Memory]:
        return []

    def logic(self, layer: Layer, folding: Folding) -> Logic:
        """Flip-flops as declared: an element and whether it is valid. LUTs: the handshake."""
        return Logic(lut=2, ff=layer.output.type.bits + 1)

    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        source = layer.input.type
        return {"IN_BITS": source.bits, "IN_SIGNED": int(source.signed), "OUT_BITS": layer.output.type.bits}
