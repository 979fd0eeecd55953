"""Joins the channels of two or more streams of one size, in a type that holds the elements of all. No attributes."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Layer, Stream
from hwcodesign.kinds.kind import Folding, Kind, Logic, Memory, OnnxNode, Storage, divisors
from hwcodesign.kinds.motion import Motion, Pipeline
from hwcodesign.kinds.shared.per_input import packed


class Concat(Kind):
    """Each output pixel is input 0's channels, then input 1's, and so on; one beat of `pe` elements a cycle."""

    name = "concat"
    takes_narrow = True
    finn_operators = ("StreamingConcat",)
    finn_type = True

    def output(self, layer: Layer) -> Stream:
        """The channels of all, side by side."""
        rows, columns, _ = layer.input.shape
        bounds = layer.input.interval.including(*(end for x in layer.inputs for end in (x.low, x.high)))
        made = bounds.type if _unlike(layer) else layer.input.type
        return Stream((rows, columns, sum(source.channels for source in layer.inputs)), made, bounds)

    def check(self, layer: Layer) -> None:
        if len(layer.inputs) < 2:
            raise UserError(f"{layer.name}: a concat needs 2 inputs or more, this one has {len(layer.inputs)}: drop it")
        sizes = sorted({f"{s.shape[0]}x{s.shape[1]}" for s in layer.inputs})
        if len(sizes) > 1:
            raise UserError(
                f"{layer.name}: the inputs of a concat must agree in height and width, these are {', '.join(sizes)}"
            )

    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [np.concatenate(inputs, axis=-1)]

    def foldings(self, layer: Layer) -> list[Folding]:
        return [Folding(pe) for pe in divisors(math.gcd(*(s.channels for s in layer.inputs)))]

    def cycles(self, layer: Layer, folding: Folding) -> int:
        return layer.output.elements // folding.pe

    def motion(self, layer: Layer, folding: Folding) -> Motion:
        ports = enumerate(layer.inputs)
        return Pipeline(tuple((1 << port, 1, stream.channels // folding.pe) for port, stream in ports))

    def latency(self, layer: Layer, folding: Folding) -> int:
        return 1

    def pixel_cycles(self, layer: Layer, folding: Folding) -> int:
        return layer.output.channels // folding.pe

    def input_slot(self, layer: Layer, folding: Folding, port: int) -> tuple[int, int]:
        """The ports follow each other."""
        beats = [s.channels // folding.pe for s in layer.inputs]
        return sum(beats[:port]), beats[port]

    def memories(self, layer: Layer, folding: Folding) -> list[Memory]:
        return []

    def logic(self, layer: Layer, folding: Folding) -> Logic:
        """Flip-flops as declared. LUTs estimated: a multiplexer (2 inputs to a LUT), a counter, the handshake."""
        width = folding.pe * layer.output.type.bits
        count = (max(s.channels for s in layer.inputs) // folding.pe).bit_length()
        inputs = len(layer.inputs)
        lut = width * math.ceil(inputs / 2) + 3 * count + 4 * inputs
        return Logic(lut, ff=width + count + (inputs - 1).bit_length() + 1)

    def finn_attributes(self, layer: Layer, folding: Folding, storage: Mapping[str, Storage]) -> dict[str, int | str]:
        return {"SIMD": folding.pe}

    def in_onnx(self, layer: Layer) -> OnnxNode:
        return OnnxNode("Concat", {"axis": -1})

    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        beats = [s.channels // folding.pe for s in layer.inputs]
        return {
            "WIDTH": folding.pe * layer.output.type.bits,
            "INPUTS": len(beats),
            "BEATS": packed(beats),
            "COUNT_BITS": max(beats).bit_length(),
            **(_types(layer, folding) if _unlike(layer) else {}),
        }


def _unlike(layer: Layer) -> bool:
    return len({stream.type for stream in layer.inputs}) > 1


def _types(layer: Layer, folding: Folding) -> Mapping[str, int]:
    """The parameters of inputs whose types differ."""
    types = [stream.type for stream in layer.inputs]
    return {
        "LANES": folding.pe,
        "IN_BITS": packed([int_type.bits for int_type in types]),
        "IN_SIGNED": packed([int(int_type.signed) for int_type in types]),
        "BEAT_BITS": folding.pe * sum(int_type.bits for int_type in types),
    }
