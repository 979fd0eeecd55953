"""Weights that the host loads after every reset: they may lie in large RAM (URAM, SPRAM), which powers up empty."""

from dataclasses import replace

from hwcodesign.dataflow import Dataflow
from hwcodesign.kinds import kind_of


def loadable(dataflow: Dataflow) -> Dataflow:
    """The same graph, with the weights of every layer whose kernel can load them free to lie in large RAM."""
    layers = (
        replace(layer, attributes={**layer.attributes, "loadable": 1}) if kind_of(layer.kind).loading_cells else layer
        for layer in dataflow.layers
    )
    return replace(dataflow, layers=tuple(layers))
