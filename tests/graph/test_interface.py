"""The streams of a design's top level are its first and its last layer's."""

from hwcodesign.graph.interface import interface_of
from hwcodesign.kinds import Folding
from tests.graphs import tiny_squeezenet


def test_beats_are_padded_to_bytes() -> None:
    graph = tiny_squeezenet()
    first, last = graph.layers[0], graph.layers[-1]
    found = interface_of(graph, {first.name: Folding(1), last.name: Folding(1)})
    assert (found.in_lanes, found.in_element_bits, found.in_bytes, found.in_beats) == (1, 8, 1, 64)
    assert (found.out_beats, found.out_element_bits) == (last.output.elements, last.output.type.bits)
    assert 8 * (found.out_bytes - 1) < found.out_element_bits <= 8 * found.out_bytes
    assert found.weight_frames == 0
