"""Bits of thresholds before and after: what a report tells of a graph."""

from dataclasses import replace

import numpy as np

from hwcodesign.graph.threshold_bits import threshold_bits
from hwcodesign.kinds import kind_of
from tests.graphs import tiny_squeezenet


def test_bits_are_those_of_every_channels_base_and_step() -> None:
    graph = tiny_squeezenet()
    quantizers = [x for x in graph.layers if "thresholds" in x.tensors]
    counted = threshold_bits(graph)
    assert counted["quantizers"] == counted["uniform_quantizers"] == len(quantizers) > 5
    assert counted["threshold_bits"] == sum(sum(x.numbers("spacing")[1:]) * x.output.channels for x in quantizers)
    assert counted["threshold_bits"] < counted["threshold_table_bits"] / 3


def test_uneven_thresholds_cost_a_table() -> None:
    graph = tiny_squeezenet()
    uneven = graph.by_name["conv1"].tensors["thresholds"].copy()
    uneven[0, 1:] += np.arange(14) ** 2
    layer = kind_of("mvau").completed(
        replace(graph.by_name["conv1"], tensors={**graph.by_name["conv1"].tensors, "thresholds": uneven})
    )
    counted = threshold_bits(replace(graph, layers=(layer,), edges=()))
    assert counted["uniform_quantizers"] == 0
    assert (
        counted["threshold_bits"]
        == counted["threshold_table_bits"]
        == 4 * 15 * int(str(layer.attributes["acc_type"])[3:])
    )
