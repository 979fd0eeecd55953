"""Sum of every channel over the whole feature map: global average pooling without the division. No attributes."""

from collections.abc import Mapping, Sequence

import numpy as np

from hwcodesign.dataflow import Layer, Stream
from hwcodesign.kinds.kind import Folding, Kind, Logic, Memory, OnnxNode
from hwcodesign.kinds.motion import Motion, Pipeline


class GlobalAccPool(Kind):
    """One beat of `pe` channels a cycle; the memory `sums` holds the running sums of all but one beat's channels."""

    name = "global_acc_pool"
    takes_narrow = True
    finn_operators = ("GlobalAccPool",)
    cells = ("ram", "ram_bank")

    def output(self, layer: Layer) -> Stream:
        """A sum for each channel, in the narrowest type that holds every one."""
        bounds = layer.input.interval.times(layer.input.pixels)
        return Stream((1, 1, layer.input.channels), bounds.type, bounds)

    def check(self, layer: Layer) -> None:
        self.require_output(layer, f"the sums of {layer.input.shape} {layer.input.type} are")

    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [inputs[0].sum(axis=(1, 2), keepdims=True, dtype=np.int64)]

    def motion(self, layer: Layer, folding: Folding) -> Motion:
        """The sums leave with the last pixel."""
        beats = layer.input.channels // folding.pe
        return Pipeline(((1, 0, beats * (layer.input.pixels - 1)), (1, 1, beats)))

    def latency(self, layer: Layer, folding: Folding) -> int:
        """From a beat of the last pixel to its sums, so never later than this after the last pixel is complete."""
        return 2

    def needs(self, layer: Layer, port: int) -> np.ndarray:
        return np.array([layer.input.pixels - 1])

    def room(self, layer: Layer, folding: Folding) -> np.ndarray | None:
        """A frame's sums leave while the next frame comes in."""
        return np.full(layer.input.pixels, -2)

    def memories(self, layer: Layer, folding: Folding) -> list[Memory]:
        words = layer.input.channels // folding.pe
        if words == 1:
            return []
        return [Memory("sums", words, folding.pe * layer.output.type.bits, writable=True)]

    def logic(self, layer: Layer, folding: Folding) -> Logic:
        """Estimate: an adder of one LUT a bit and its reset to zero; registers of the element and the sum, counters."""
        sum_bits, counter_bits = layer.output.type.bits, layer.input.elements.bit_length() + 1
        lut = folding.pe * sum_bits + 2 * counter_bits
        return Logic(lut, ff=folding.pe * (layer.input.type.bits + sum_bits) + 2 * counter_bits + 4)

    def in_onnx(self, layer: Layer) -> OnnxNode:
        """FINN's own operator: ONNX's would divide."""
        height, width, channels = layer.input.shape
        sizes = {"NumChannels": channels, "numInputVectors": [1, height, width], "inputDataType": layer.input.type}
        return OnnxNode(
            "GlobalAccPool", {"backend": "fpgadataflow", "PE": 1, **sizes}, domain="finn.custom_op.fpgadataflow"
        )

    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        int_type = layer.input.type
        return {
            "PE": folding.pe,
            "IN_BITS": int_type.bits,
            "IN_SIGNED": int(int_type.signed),
            "SUM_BITS": layer.output.type.bits,
            "PIXELS": layer.input.pixels,
            "FOLDS": layer.input.channels // folding.pe,
        }
