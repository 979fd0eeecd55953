"""First-in first-out buffer between two layers; the planner inserts it. Attribute: `depth` in beats, 2 or more."""

from collections.abc import Mapping, Sequence

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Layer
from hwcodesign.kinds.kind import Folding, Kind, Logic, Memory, Role
from hwcodesign.kinds.motion import Buffer, Motion, Queue

SHORTEST = 2  # beats; with fewer a registered FIFO does not run at one beat a cycle


class Fifo(Kind):
    """The output is the input. One beat of `pe` elements a cycle, up to `depth` beats waiting."""

    name = "fifo"
    takes_narrow = True
    role = Role.FIFO
    sized_by = "depth"
    finn_operators = ("StreamingFIFO",)
    cells = ("ram", "ram_bank")

    def check(self, layer: Layer) -> None:
        depth = layer.number("depth")
        if depth < SHORTEST:
            raise UserError(f"{layer.name}: a FIFO's depth is {SHORTEST} or more, not {depth}")

    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [inputs[0]]

    def motion(self, layer: Layer, folding: Folding) -> Motion:
        return Queue(layer.number("depth"))

    def buffer(self, layer: Layer, folding: Folding) -> Buffer | None:
        return Buffer(layer.name, SHORTEST, layer.number("depth"), 1, _width(layer, folding))

    def latency(self, layer: Layer, folding: Folding) -> int:
        return 1 if layer.number("depth") == 2 else 2

    def memories(self, layer: Layer, folding: Folding) -> list[Memory]:
        """The beats that wait; the last one lies in the memory's output register."""
        if layer.number("depth") == 2:
            return []
        return [Memory("buffer", words=layer.number("depth") - 1, width=_width(layer, folding), writable=True)]

    def logic(self, layer: Layer, folding: Folding) -> Logic:
        """Flip-flops as declared, but for the output register of a memory. LUTs estimated.

        A multiplexer; or two pointers and a count with their comparators.
        """
        width = _width(layer, folding)
        if layer.number("depth") == 2:
            return Logic(lut=width + 4, ff=2 * width + 2, parts={"registers": width + 4})
        words = layer.number("depth") - 1
        counters = 2 * (words - 1).bit_length() + words.bit_length()
        lut = 3 * counters + 6
        return Logic(lut, ff=counters + 1, parts={"counters": lut})

    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        return {"WIDTH": _width(layer, folding), "DEPTH": layer.number("depth")}


def _width(layer: Layer, folding: Folding) -> int:
    return folding.pe * layer.input.type.bits
