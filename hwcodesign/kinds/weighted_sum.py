"""Exact integer sum of two or more streams, each times a constant: what separate quantizers before an add leave to do.

Attribute `factors`: an integer other than 0 for each input. The inputs are of one shape, each of a type of its own.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Interval, IntType, Layer, Stream
from hwcodesign.kinds.kind import Folding, Kind, Logic, Memory
from hwcodesign.kinds.motion import Motion
from hwcodesign.kinds.shared.per_input import WORD, packed

_TABLE_BITS = 4  # inputs of a LUT of any family


class WeightedSum(Kind):
    """output = sum of factors[i] * input i, in a type that holds every sum; one beat of `pe` elements a cycle."""

    name = "weighted_sum"

    def output(self, layer: Layer) -> Stream:
        """The sums, in the narrowest type that holds every one."""
        terms = zip(layer.inputs, layer.numbers("factors"), strict=True)
        bounds = sum((source.interval.scaled(factor) for source, factor in terms), Interval(0, 0))
        return Stream(layer.input.shape, bounds.type, bounds)

    def check(self, layer: Layer) -> None:
        factors = layer.numbers("factors")
        if len(layer.inputs) < 2 or len({stream.shape for stream in layer.inputs}) > 1:
            shapes = " and ".join(str(stream.shape) for stream in layer.inputs)
            raise UserError(f"{layer.name}: a sum takes two or more inputs of one shape, not {shapes}")
        if len(factors) != len(layer.inputs) or 0 in factors or max(map(abs, factors)) >= 1 << WORD - 1:
            raise UserError(
                f"{layer.name}: {len(layer.inputs)} inputs take as many factors of up to {WORD} bits, none of them 0, "
                f"not {factors}"
            )
        self.require_output(layer, "the sum is")

    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        total = np.zeros_like(inputs[0])
        for factor, values in zip(layer.numbers("factors"), inputs, strict=True):
            total += factor * values
        return [total]

    def motion(self, layer: Layer, folding: Folding) -> Motion:
        return self.pixel_by_pixel(layer, folding)

    def latency(self, layer: Layer, folding: Folding) -> int:
        """The products; their sum."""
        return 2

    def memories(self, layer: Layer, folding: Folding) -> list[Memory]:
        return []

    def logic(self, layer: Layer, folding: Folding) -> Logic:
        """Estimate: a flip-flop for every bit that a product or the sum can change, an adder of one LUT a bit for every
        input but one, and those that a product takes.
        """
        bits, factors = layer.output.type.bits, layer.numbers("factors")
        made = [(stream.type, factor) for stream, factor in zip(layer.inputs, factors, strict=True)]
        widths = [_width(int_type, factor, bits) for int_type, factor in made]
        products = folding.pe * sum(width * _adders(*each) for width, each in zip(widths, made, strict=True))
        parts = {"products": products, "sums": folding.pe * bits * (len(factors) - 1), "handshake": 4}
        return Logic(lut=sum(parts.values()), ff=folding.pe * (sum(widths) + bits) + 2, parts=parts)

    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        types = [stream.type for stream in layer.inputs]
        return {
            "LANES": folding.pe,
            "INPUTS": len(types),
            "IN_BITS": packed([int_type.bits for int_type in types]),
            "IN_SIGNED": packed([int(int_type.signed) for int_type in types]),
            "FACTORS": packed(layer.numbers("factors")),
            "BEAT_BITS": folding.pe * sum(int_type.bits for int_type in types),
            "OUT_BITS": layer.output.type.bits,
        }


def _width(int_type: IntType, factor: int, sum_bits: int) -> int:
    """Bits of a product that are neither constant nor copies of its sign."""
    zeros = (factor & -factor).bit_length() - 1
    if factor == 1 << zeros:
        return 1 if int_type.bipolar else int_type.bits
    if factor > 0 and not int_type.signed:
        return (int_type.max * factor).bit_length() - zeros
    return sum_bits - zeros


def _adders(int_type: IntType, factor: int) -> int:
    """Of a product: one for each of the factor's bits but one, two more where it is negative; of few bits, a table."""
    adders = factor.bit_count() - 1 if factor > 0 else (-factor - 1).bit_count() + 1
    return min(adders, 1) if int_type.bits <= _TABLE_BITS else adders
