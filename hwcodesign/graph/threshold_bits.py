"""What a graph's thresholds take on the chip, beside what they would take as tables."""

from dataclasses import replace

from hwcodesign.dataflow import Dataflow, Layer
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.kinds.thresholding import spacing_of


def threshold_bits(graph: Dataflow) -> dict[str, int]:
    """The numbers of `quantizers` and of `uniform_quantizers`, which keep a base and a step instead of a table.

    And the bits of them all: `threshold_table_bits` if every one had a table, `threshold_bits` as it is.
    """
    quantizers = [layer for layer in graph.layers if layer.attributes.get("thresholds")]
    in_tables = (replace(layer, attributes={**layer.attributes, "spacing": ()}) for layer in quantizers)
    return {
        "quantizers": len(quantizers),
        "uniform_quantizers": sum(spacing_of(layer) is not None for layer in quantizers),
        "threshold_table_bits": sum(map(_bits, in_tables)),
        "threshold_bits": sum(map(_bits, quantizers)),
    }


def _bits(layer: Layer) -> int:
    memories = kind_of(layer.kind).memories(layer, Folding())
    return sum(memory.bits for memory in memories if memory.name == "thresholds")
