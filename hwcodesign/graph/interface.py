"""The streams that the top level of a design will have."""

from collections.abc import Mapping

from hwcodesign.core.interface import Interface
from hwcodesign.dataflow import Dataflow
from hwcodesign.kinds import Folding, kind_of


def interface_of(design: Dataflow, foldings: Mapping[str, Folding]) -> Interface:
    """The top level's streams, from the first and the last layer of the design; nothing is loaded."""
    first, last = design.layers[0], design.layers[-1]
    in_lanes, _ = kind_of(first.kind).lanes(first, foldings[first.name])
    in_bits, out_bits = first.input.type.bits, last.output.type.bits
    return Interface(
        in_lanes=in_lanes,
        in_element_bits=in_bits,
        in_bytes=-(-in_lanes * in_bits // 8),
        in_beats=first.input.elements // in_lanes,
        out_element_bits=out_bits,
        out_bytes=-(-out_bits // 8),
        out_beats=last.output.elements,
    )
