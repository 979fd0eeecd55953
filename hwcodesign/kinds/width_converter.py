"""Changes how many elements travel in a beat; the planner inserts it between layers of different foldings.

Attributes: `in_lanes` and `out_lanes`, of which one divides the other.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Layer
from hwcodesign.kinds.kind import Folding, Kind, Logic, Memory, Role
from hwcodesign.kinds.motion import Collector, Motion


class WidthConverter(Kind):
    """The output is the input, in wider or narrower beats. The attributes say it all, so there is one folding."""

    name = "width_converter"
    takes_narrow = True
    role = Role.CONVERTER
    finn_operators = ("StreamingDataWidthConverter",)

    def check(self, layer: Layer) -> None:
        few, many = sorted(self.lanes(layer, Folding()))
        if few == many or many % few:
            raise UserError(
                f"{layer.name}: cannot convert {few} to {many} elements a beat: "
                f"they must differ and one must divide the other; go through {np.lcm(few, many)} in two steps"
            )
        if layer.input.elements % many:
            raise UserError(f"{layer.name}: a frame of {layer.input.elements} elements is no whole number of {many}")

    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [inputs[0]]

    def foldings(self, layer: Layer) -> list[Folding]:
        return [Folding()]

    def lanes(self, layer: Layer, folding: Folding) -> tuple[int, int]:
        return layer.number("in_lanes"), layer.number("out_lanes")

    def cycles(self, layer: Layer, folding: Folding) -> int:
        return layer.input.elements // min(self.lanes(layer, folding))

    def motion(self, layer: Layer, folding: Folding) -> Motion:
        """Narrowing, beat by beat: it holds one."""
        in_lanes, out_lanes = self.lanes(layer, folding)
        return Collector(out_lanes // in_lanes) if out_lanes > in_lanes else self.pixel_by_pixel(layer, folding)

    def latency(self, layer: Layer, folding: Folding) -> int:
        return 1

    def pixel_cycles(self, layer: Layer, folding: Folding) -> int:
        return max(1, layer.input.channels // min(self.lanes(layer, folding)))

    def memories(self, layer: Layer, folding: Folding) -> list[Memory]:
        return []

    def logic(self, layer: Layer, folding: Folding) -> Logic:
        """Flip-flops as declared: widening collects in one register and hands over in another; narrowing shifts one.

        LUTs estimated: the count, and for narrowing a multiplexer with an enable for each bit.
        """
        in_lanes, out_lanes = self.lanes(layer, folding)
        bits = layer.input.type.bits
        count = (max(in_lanes, out_lanes) // min(in_lanes, out_lanes) - 1).bit_length()
        if in_lanes < out_lanes:
            lut = 3 * count + 6
            return Logic(lut, ff=(2 * out_lanes - in_lanes) * bits + count + 1, parts={"widen": lut})
        lut = 2 * in_lanes * bits + 3 * count + 6
        return Logic(lut, ff=in_lanes * bits + count + 1, parts={"narrow": lut})

    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        in_lanes, out_lanes = self.lanes(layer, folding)
        return {"IN_WIDTH": in_lanes * layer.input.type.bits, "OUT_WIDTH": out_lanes * layer.input.type.bits}
