"""Where hardware and reference part: the first layer, pixel and channel that differ, from a record of every stream."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from hwcodesign.core.bit_packing import unpack
from hwcodesign.dataflow import Dataflow, Edge, Layer
from hwcodesign.emit.identifiers import wires
from hwcodesign.graph import interpreter
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.plan import Plan
from hwcodesign.plan.insert_streams import inserted
from hwcodesign.simulate import network
from hwcodesign.simulate.regimes import FREE, Regime
from hwcodesign.verify.standstill import StreamState, who_waits

Levels = Callable[[np.ndarray], Mapping[str, np.ndarray]]  # of a frame (H, W, C): see `levels_of`


def levels_of(graph: Dataflow, frame: np.ndarray) -> Mapping[str, np.ndarray]:
    """For one frame (H, W, C), what the graph's quantizers give as integers (H, W, C), by layer, in order."""
    names = [layer.name for layer in graph.layers if layer.attributes.get("thresholds")]
    found = interpreter.trace(graph, frame[None], names)
    return {name.removesuffix(".quantizer"): found[name][0][0] for name in names}


def first_level(found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> str | None:
    """The first layer, pixel and channel at which two sides' quantizers differ, in words; None if none is known to."""
    for name in [name for name in found if name in expected]:
        differing = np.argwhere(found[name] != expected[name])
        if len(differing):
            row, column, channel = at = tuple(differing[0])
            where = f"layer {name}, pixel ({row}, {column}), channel {channel}"
            return f"{where}: {found[name][at]}, reference {expected[name][at]}"
    return None


def first_divergence(
    emitted: Path,
    plan: Plan,
    frames: np.ndarray,
    folder: Path,
    quiet_cycles: int,
    regime: Regime = FREE,
) -> str | None:
    """Simulate `frames` (N, H, W, C) with every stream recorded; where hardware goes wrong first, in words, or None.

    Layers are looked at in the order of the design, so everything before the one that is named is right. If all that
    passed is right and too little did, the layer that waits, and the stream that it waits for, are named.
    """
    design, broken = plan.design, False
    try:
        simulation = network.build(emitted, folder, probes=True, cycles=len(frames) * plan.cycles_per_frame)
        network.simulate(simulation, emitted, frames, design.input.type, quiet_cycles, regime=regime)
    except network.HardwareError:
        broken = True  # what was recorded until then says more
    expected = interpreter.trace(design, frames, [layer.name for layer in design.layers])
    names = wires(design)
    order = {layer.name: place for place, layer in enumerate(design.layers)}
    streams: dict[Edge, StreamState] = {}
    for edge in sorted(design.edges, key=lambda e: order[e.source]):
        path = folder / f"{names[edge]}.probe"
        if not path.exists():
            return None
        found = _recorded(path, design, edge, plan.foldings)
        origin = _origin(design, edge)
        sender = design.by_name[origin.source]
        values = expected[origin.source][origin.source_port]
        wanted = kind_of(sender.kind).to_wire(sender, plan.foldings[sender.name], values, "out")
        difference = _first_difference(design.by_name[edge.source], found, wanted)
        if difference:
            return difference
        streams[edge] = StreamState.read(path.with_suffix(".state"), len(found), wanted.size)
    return who_waits(design, streams) if broken else None


def _recorded(path: Path, design: Dataflow, edge: Edge, foldings: Mapping[str, Folding]) -> np.ndarray:
    """The elements (int64, in the order of the wire) that passed along `edge`."""
    source = design.by_name[edge.source]
    _, lanes = kind_of(source.kind).lanes(source, foldings[edge.source])
    int_type = design.stream(edge).type
    words = [int(line, 16) for line in path.read_text().split()]
    return int_type.decode(unpack(words, lanes, int_type.bits)).reshape(-1)


def _origin(design: Dataflow, edge: Edge) -> Edge:
    """The edge on which the layer that made this stream sends it: FIFOs and converters keep the order of the wire."""
    while inserted(design.by_name[edge.source]):
        (edge,) = design.edges_into(edge.source)
    return edge


def _first_difference(layer: Layer, found: np.ndarray, expected: np.ndarray) -> str | None:
    wanted = expected.reshape(-1)
    common = min(len(found), len(wanted))
    differing = np.flatnonzero(found[:common] != wanted[:common])
    if not len(differing):
        return None
    at = int(differing[0])
    frame, row, column, channel = np.unravel_index(at, expected.shape)
    return (
        f"layer {layer.name} ({layer.kind}) is the first that differs: frame {frame}, pixel ({row}, {column}), "
        f"channel {channel}: hardware {found[at]}, reference {wanted[at]}"
    )
