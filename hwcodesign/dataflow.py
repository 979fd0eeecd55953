"""The typed graph of hardware layers: what `lower` makes, and what plan, check, emit and simulate read.

A layer reads and writes streams. A stream carries one frame after the other; a frame is an (H, W, C) array of
integers sent row by row, pixel by pixel, channels innermost (FINN's NHWC order). How many elements travel in one
beat (the lanes) is not part of the graph: the plan decides it.

Every stream has one producer and one consumer. A value that is needed twice goes through an explicit `fork`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from hwcodesign.core.document import Document, reading
from hwcodesign.core.integers import Interval, IntType
from hwcodesign.core.score_map import INTEGERS, ScoreMap

__all__ = ["Attribute", "Dataflow", "Edge", "IntType", "Interval", "Layer", "Shape", "Stream"]

Shape = tuple[int, int, int]
StreamDocument = tuple[Shape, str] | tuple[Shape, str, tuple[int, int]]
Attribute = int | str | tuple[int, ...]


@dataclass(frozen=True)
class Stream:
    """What flows between two layers: frames of `shape` (height, width, channels), every element of `type`.

    `bounds` are what the elements were proven to be, where that is less than `type` can hold: a sum of 49 numbers of 0
    to 15 needs ten bits, but never exceeds 735. Who sizes accumulators and thresholds, or checks them, goes by `low`
    and `high`, never by the reach of the type. Lowering gives them to a stream that it makes itself,
    `Stream(shape, type, Interval(low, high))`; all others get theirs from the kinds (`Kind.output`), by way of the
    builder. Bounds that say no more than the type are None, so that equal streams compare equal.
    """

    shape: Shape
    type: IntType
    bounds: Interval | None = None

    def __post_init__(self) -> None:
        if self.bounds is not None:
            reach = self.type.reach
            assert reach.low <= self.bounds.low <= self.bounds.high <= reach.high, f"{self.bounds} in {self.type}"
            if self.bounds == reach:
                object.__setattr__(self, "bounds", None)

    @property
    def interval(self) -> Interval:
        """What an element can be."""
        return self.bounds or self.type.reach

    @property
    def low(self) -> int:
        return self.interval.low

    @property
    def high(self) -> int:
        return self.interval.high

    @property
    def pixels(self) -> int:
        return self.shape[0] * self.shape[1]

    @property
    def channels(self) -> int:
        return self.shape[2]

    @property
    def elements(self) -> int:
        return self.pixels * self.channels


@dataclass(frozen=True)
class Layer:
    """One piece of hardware. `name` is the PyTorch path (fire2.expand3x3), with a suffix for a layer's helpers.

    `attributes` hold what the kind needs to know besides the streams (kernel, stride, weight_type, ...);
    `tensors` hold weights and thresholds as int64 arrays, and are empty in a graph predicted before training.
    The kind's module in `hwcodesign/kinds/` documents both.
    """

    name: str
    kind: str
    inputs: tuple[Stream, ...]
    outputs: tuple[Stream, ...]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    tensors: Mapping[str, np.ndarray] = field(default_factory=dict, compare=False)

    def __hash__(self) -> int:
        return hash((self.name, self.kind, self.inputs, self.outputs, frozenset(self.attributes.items())))

    @cached_property
    def bare(self) -> "Layer":
        """The layer without its name and tensors: foldings, cycles and costs are the same for all that is equal to it.

        What is worked out of it is kept by it, from one layer and one network to the next.
        """
        return Layer("", self.kind, self.inputs, self.outputs, self.attributes)

    @property
    def input(self) -> Stream:
        """The first input: the only one for every kind but concat and add."""
        return self.inputs[0]

    @property
    def output(self) -> Stream:
        """The first output: the only one for every kind but fork."""
        return self.outputs[0]

    def number(self, attribute: str) -> int:
        """An attribute that is one integer."""
        value = self.attributes[attribute]
        assert isinstance(value, int), f"{self.name}: {attribute} is {value!r}"
        return value

    def numbers(self, attribute: str) -> tuple[int, ...]:
        """An attribute that is several integers."""
        value = self.attributes[attribute]
        assert isinstance(value, tuple), f"{self.name}: {attribute} is {value!r}"
        return value


@dataclass(frozen=True, order=True)
class Edge:
    """A stream from output `source_port` of layer `source` to input `target_port` of layer `target`."""

    source: str
    target: str
    source_port: int = 0
    target_port: int = 0


@dataclass(frozen=True)
class Dataflow:
    """Layers in topological order and the edges between them; one frame input and one result output.

    The first layer's input is the graph's input, the last layer's output is the graph's output. `contract` says what
    the integers that come in mean: integer * `input_scale` is the real number that the trained network takes (1 for raw
    pixels, whose mean and divisor are part of the network); `score_map`, what the scores that go out mean.
    """

    layers: tuple[Layer, ...]
    edges: tuple[Edge, ...]
    contract: Mapping[str, float] = field(default_factory=dict)
    score_map: ScoreMap = INTEGERS

    @property
    def score_count(self) -> int:
        """How many scores leave for each frame; indices of the best classes may follow them."""
        last = self.layers[-1]
        return last.output.elements - (last.number("top") if "top" in last.attributes else 0)

    @cached_property
    def by_name(self) -> Mapping[str, Layer]:
        return {layer.name: layer for layer in self.layers}

    @property
    def input(self) -> Stream:
        return self.layers[0].input

    @property
    def output(self) -> Stream:
        return self.layers[-1].output

    def edges_into(self, name: str) -> list[Edge]:
        """The edges that feed layer `name`, by input port."""
        return self._edges_by_end[1].get(name, [])

    def edges_from(self, name: str) -> list[Edge]:
        """The edges that leave layer `name`, by output port."""
        return self._edges_by_end[0].get(name, [])

    @cached_property
    def _edges_by_end(self) -> tuple[dict[str, list[Edge]], dict[str, list[Edge]]]:
        by_source: dict[str, list[Edge]] = {}
        by_target: dict[str, list[Edge]] = {}
        for edge in sorted(self.edges, key=lambda e: (e.source_port, e.target_port)):
            by_source.setdefault(edge.source, []).append(edge)
        for edge in sorted(self.edges, key=lambda e: (e.target_port, e.source_port)):
            by_target.setdefault(edge.target, []).append(edge)
        return by_source, by_target

    def stream(self, edge: Edge) -> Stream:
        """What flows along `edge`."""
        return self.by_name[edge.source].outputs[edge.source_port]

    def validate(self) -> None:
        """Check our own invariants: unique names, order, one producer and one consumer, equal streams at both ends."""
        position = {layer.name: i for i, layer in enumerate(self.layers)}
        assert len(position) == len(self.layers), "layer names must be unique"
        for edge in self.edges:
            assert position[edge.source] < position[edge.target], f"{edge} runs against the order"
            target = self.by_name[edge.target].inputs[edge.target_port]
            assert self.stream(edge) == target, f"{edge}: {self.stream(edge)} feeds {target}"
        for layer in self.layers:
            fed = [e.target_port for e in self.edges_into(layer.name)]
            read = [e.source_port for e in self.edges_from(layer.name)]
            assert fed == ([] if layer is self.layers[0] else list(range(len(layer.inputs)))), layer.name
            assert read == ([] if layer is self.layers[-1] else list(range(len(layer.outputs)))), layer.name

    def save(self, folder: Path) -> None:
        """Write `dataflow.json` (layers, edges, contract, score map) and `dataflow.npz` (tensors) into `folder`."""
        document = {
            "contract": dict(self.contract),
            "score_map": asdict(self.score_map),
            "layers": [_layer_to_json(layer) for layer in self.layers],
            "edges": [[e.source, e.source_port, e.target, e.target_port] for e in self.edges],
        }
        DataflowDocument.write(folder / "dataflow.json", document)
        arrays = {f"{x.name}/{key}": value for x in self.layers for key, value in x.tensors.items()}
        np.savez_compressed(folder / "dataflow.npz", **arrays)  # type: ignore[arg-type]

    @classmethod
    def load(cls, folder: Path) -> "Dataflow":
        """Read what `save` wrote. Raises UserError if it is missing, damaged or of another version."""
        document = DataflowDocument.read(folder / "dataflow.json")
        tensors: dict[str, dict[str, np.ndarray]] = {}
        with reading(folder / "dataflow.npz"), np.load(folder / "dataflow.npz") as arrays:
            for path in arrays.files:
                name, key = path.rsplit("/", 1)
                tensors.setdefault(name, {})[key] = arrays[path]
        with reading(folder / "dataflow.json"):
            layers = tuple(_layer_from_json(item, tensors.get(item.name, {})) for item in document.layers)
            edges = tuple(Edge(source, target, sp, tp) for source, sp, target, tp in document.edges)
            return cls(layers, edges, document.contract, ScoreMap.parse(document.score_map))


def _layer_to_json(layer: Layer) -> dict[str, Any]:
    def streams(items: tuple[Stream, ...]) -> list[Any]:
        return [[list(s.shape), str(s.type), *([[s.low, s.high]] if s.bounds else [])] for s in items]

    return {
        "name": layer.name,
        "kind": layer.kind,
        "inputs": streams(layer.inputs),
        "outputs": streams(layer.outputs),
        "attributes": dict(layer.attributes),
    }


class LayerDocument(BaseModel):
    """A layer in dataflow.json. A stream is its shape, its type and, where they are known, its lowest and highest."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: str
    kind: str
    inputs: list[StreamDocument]
    outputs: list[StreamDocument]
    attributes: dict[str, Any]


class DataflowDocument(Document):
    """dataflow.json. An edge is its source's name and port, then its target's."""

    FORMAT = "hwcodesign dataflow"

    contract: dict[str, float]
    score_map: dict[str, Any]
    layers: list[LayerDocument]
    edges: list[tuple[str, int, str, int]]


def _layer_from_json(item: LayerDocument, tensors: dict[str, np.ndarray]) -> Layer:
    def streams(items: list[Any]) -> tuple[Stream, ...]:
        return tuple(
            Stream((shape[0], shape[1], shape[2]), IntType.parse(text), *(Interval(*pair) for pair in bounds))
            for shape, text, *bounds in items
        )

    attributes = {key: tuple(v) if isinstance(v, list) else v for key, v in item.attributes.items()}
    return Layer(item.name, item.kind, streams(item.inputs), streams(item.outputs), attributes, tensors)
