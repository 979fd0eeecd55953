"""Exact integer sum of two streams of one type and shape, as a bypass needs it. No attributes."""

from collections.abc import Mapping, Sequence

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Layer, Stream
from hwcodesign.kinds.kind import Folding, Kind, Logic, Memory, OnnxNode
from hwcodesign.kinds.motion import Motion


class Add(Kind):
    """output = input 0 + input 1, in a type that holds every sum; one beat of `pe` elements a cycle."""

    name = "add"
    finn_operators = (
        "ElementwiseAdd",
        "AddStreams",
    )

    def output(self, layer: Layer) -> Stream:
        """The sums, in the narrowest type that holds every one."""
        first, second = layer.inputs
        bounds = first.interval + second.interval
        return Stream(first.shape, bounds.type, bounds)

    def check(self, layer: Layer) -> None:
        if len(layer.inputs) != 2 or len({(source.shape, source.type) for source in layer.inputs}) > 1:
            found = " and ".join(f"{s.shape} {s.type}" for s in layer.inputs)
            raise UserError(
                f"{layer.name}: an add takes two inputs of one shape and type, not {found}: "
                "let them share one quantizer"
            )
        needed = self.output(layer).type
        if layer.output.type != needed:
            raise UserError(f"{layer.name}: the sum of two {layer.input.type} is {needed}, not {layer.output.type}")

    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [inputs[0] + inputs[1]]

    def motion(self, layer: Layer, folding: Folding) -> Motion:
        return self.pixel_by_pixel(layer, folding)

    def latency(self, layer: Layer, folding: Folding) -> int:
        return 1

    def memories(self, layer: Layer, folding: Folding) -> list[Memory]:
        return []

    def logic(self, layer: Layer, folding: Folding) -> Logic:
        """Flip-flops as declared, but for the bipolar sum's constant lowest bit. LUTs estimated: one for each bit."""
        width = folding.pe * (layer.output.type.bits - int(layer.input.type.bipolar))
        return Logic(lut=width + 4, ff=width + 1)

    def in_onnx(self, layer: Layer) -> OnnxNode:
        return OnnxNode("Add")

    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        int_type = layer.input.type
        return {
            "LANES": folding.pe,
            "IN_BITS": int_type.bits,
            "IN_SIGNED": int(int_type.signed),
            "IN_BIPOLAR": int(int_type.bipolar),
            "OUT_BITS": layer.output.type.bits,
        }
