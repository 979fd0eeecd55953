"""A design that stands still: which layer waits for which stream, from the last state of every stream."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hwcodesign.dataflow import Dataflow, Edge


@dataclass(frozen=True)
class StreamState:
    """One stream at the end: a beat is offered (`valid`), it would be taken (`ready`); `passed` of `total` values."""

    valid: bool
    ready: bool
    passed: int
    total: int

    @classmethod
    def read(cls, path: Path, passed: int, total: int) -> "StreamState":
        """The state that a probe left in the file `path`."""
        valid, ready = path.read_text().split()
        return cls(valid == "1", ready == "1", passed, total)

    @property
    def held(self) -> bool:
        return self.valid and not self.ready

    @property
    def short(self) -> bool:
        return self.passed < self.total


def who_waits(design: Dataflow, streams: Mapping[Edge, StreamState]) -> str | None:
    """The layer at which everything stops, in words; None if every stream is whole.

    Either a layer holds up a beat although all that it sends is taken: it waits for another input. Or nobody holds up
    anything: beats were lost, in the first layer that has taken all of its frames and not given all of its own.
    """
    for layer in reversed(design.layers):
        inputs, outputs = design.edges_into(layer.name), design.edges_from(layer.name)
        held = [edge for edge in inputs if streams[edge].held]
        if held and not any(streams[edge].held for edge in outputs):
            missing = [edge for edge in inputs if not streams[edge].valid]
            waits = f"waits for {_told(missing[0], streams)}" if missing else "gives nothing"
            return f"layer {layer.name} ({layer.kind}) {waits}, and holds up {_told(held[0], streams)}"
    for layer in design.layers:
        inputs, outputs = design.edges_into(layer.name), design.edges_from(layer.name)
        short = [edge for edge in outputs if streams[edge].short]
        if short and not any(streams[edge].short for edge in inputs):
            return f"layer {layer.name} ({layer.kind}) gave only {_told(short[0], streams)}"
    return None


def _told(edge: Edge, streams: Mapping[Edge, StreamState]) -> str:
    state = streams[edge]
    return f"the stream {edge.source} -> {edge.target} ({state.passed:,} of {state.total:,} values passed)"
