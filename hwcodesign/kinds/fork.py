"""Copies a stream to several consumers: its outputs."""

from collections.abc import Mapping, Sequence

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Layer
from hwcodesign.kinds.kind import Folding, Kind, Logic, Memory
from hwcodesign.kinds.motion import Motion


class Fork(Kind):
    """Every output is the input. One beat of `pe` elements a cycle."""

    name = "fork"
    takes_narrow = True
    finn_operators = ("DuplicateStreams",)

    def module(self, folding: Folding) -> str:
        return "stream_fork"  # `fork` is a keyword

    def check(self, layer: Layer) -> None:
        if len(layer.outputs) < 2:
            raise UserError(f"{layer.name}: a fork needs 2 outputs or more, this one has {len(layer.outputs)}: drop it")

    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [inputs[0]] * len(layer.outputs)

    def motion(self, layer: Layer, folding: Folding) -> Motion:
        return self.pixel_by_pixel(layer, folding)

    def latency(self, layer: Layer, folding: Folding) -> int:
        return 1

    def working(self, layer: Layer, folding: Folding) -> tuple[str, ...]:
        return ("in_valid_i", "in_ready_o")

    def memories(self, layer: Layer, folding: Folding) -> list[Memory]:
        return []

    def logic(self, layer: Layer, folding: Folding) -> Logic:
        """Flip-flops as declared: the data and a valid bit an output. LUTs estimated: three gates an output."""
        outputs = len(layer.outputs)
        return Logic(lut=3 * outputs, ff=folding.pe * layer.input.type.bits + outputs)

    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        return {"WIDTH": folding.pe * layer.input.type.bits, "OUTPUTS": len(layer.outputs)}
