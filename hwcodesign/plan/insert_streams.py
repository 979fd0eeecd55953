"""Makes the streams between layers explicit: a FIFO on every edge, width converters where neighbours' lanes differ."""

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from hwcodesign.dataflow import Dataflow, Edge, Layer, Stream
from hwcodesign.kinds import Folding, Role, kind_of
from hwcodesign.kinds.fifo import SHORTEST


def conversion(sent: int, needed: int) -> list[tuple[str, int, int]]:
    """The converters (suffix, in lanes, out lanes) from `sent` to `needed` elements a beat.

    Where neither divides the other, through their least common multiple: never fewer elements a cycle than either end.
    """
    if sent == needed:
        return []
    wide = math.lcm(sent, needed)
    steps = [("widen", sent, wide), ("narrow", wide, needed)]
    return [(suffix, few, many) for suffix, few, many in steps if few != many]


def converter(name: str, stream: Stream, in_lanes: int, out_lanes: int) -> Layer:
    """A width converter on `stream`."""
    return Layer(name, "width_converter", (stream,), (stream,), {"in_lanes": in_lanes, "out_lanes": out_lanes})


def insert_streams(dataflow: Dataflow, foldings: Mapping[str, Folding]) -> tuple[Dataflow, dict[str, Folding]]:
    """The design: `dataflow` with a shortest FIFO and the converters on every edge, and foldings for all of it.

    The FIFO stands where beats are widest: behind a widening converter, so that a reader's burst finds wide beats
    ready; before a narrowing one, so that its source need not wait for it.
    """
    layers: list[Layer] = []
    edges: list[Edge] = []
    everything = dict(foldings)
    for layer in dataflow.layers:
        layers.append(layer)
        for edge in dataflow.edges_from(layer.name):
            chain = stream_chain(dataflow, edge, *lanes_at(dataflow, foldings, edge))
            layers += [added for added, _ in chain]
            everything |= {added.name: folding for added, folding in chain}
            edges += _connect(edge, [added.name for added, _ in chain])
    design = replace(dataflow, layers=tuple(layers), edges=tuple(edges))
    design.validate()
    return design, everything


def inserted(layer: Layer) -> bool:
    """Whether the planner put `layer` in."""
    return kind_of(layer.kind).role is not Role.LAYER


def is_fifo(layer: Layer) -> bool:
    """Whether the planner put it in to let beats wait."""
    return kind_of(layer.kind).role is Role.FIFO


def is_converter(layer: Layer) -> bool:
    """Whether the planner put it in between other lanes."""
    return kind_of(layer.kind).role is Role.CONVERTER


def with_depths(design: Dataflow, depths: Mapping[str, int]) -> Dataflow:
    """The design with these depths (in beats) of its FIFOs, by name."""
    layers = (replace(x, attributes={"depth": depths[x.name]}) if x.name in depths else x for x in design.layers)
    return replace(design, layers=tuple(layers))


def lanes_at(dataflow: Dataflow, foldings: Mapping[str, Folding], edge: Edge) -> tuple[int, int]:
    """Elements a beat that the edge's source sends and that its target needs."""
    source, target = dataflow.by_name[edge.source], dataflow.by_name[edge.target]
    _, sent = kind_of(source.kind).lanes(source, foldings[source.name])
    needed, _ = kind_of(target.kind).lanes(target, foldings[target.name])
    return sent, needed


def stream_chain(dataflow: Dataflow, edge: Edge, sent: int, needed: int) -> list[tuple[Layer, Folding]]:
    """What stands on an edge between these lanes: a shortest FIFO, and converters around it."""
    stream = dataflow.stream(edge)
    name = f"{edge.source}.to.{edge.target}" + (f".{edge.target_port}" if _parallel(dataflow, edge) else "")
    fifo = Layer(f"{name}.fifo", "fifo", (stream,), (stream,), {"depth": SHORTEST})
    chain = [(fifo, Folding(math.lcm(sent, needed)))]
    for suffix, few, many in conversion(sent, needed):
        step = (converter(f"{name}.{suffix}", stream, few, many), Folding())
        chain.insert(0 if suffix == "widen" else len(chain), step)
    return chain


def _parallel(dataflow: Dataflow, edge: Edge) -> bool:
    """Whether another edge joins the same two layers."""
    return sum(e.target == edge.target for e in dataflow.edges_from(edge.source)) > 1


def _connect(edge: Edge, chain: list[str]) -> list[Edge]:
    stops = [edge.source, *chain, edge.target]
    last = len(stops) - 2
    return [
        Edge(a, b, edge.source_port if i == 0 else 0, edge.target_port if i == last else 0)
        for i, (a, b) in enumerate(pairwise(stops))
    ]
