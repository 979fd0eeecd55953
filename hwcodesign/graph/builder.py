"""Puts a dataflow graph together layer by layer: output streams follow from inputs, forks are inserted at the end.

`predict` (from a description, before training) and `lower` (from FINN's graph) both build with it, so a shape or a
type is worked out in one place. A method adds one layer, takes the names of the layers it reads, returns its own name.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from hwcodesign.core.score_map import INTEGERS, ScoreMap
from hwcodesign.dataflow import Attribute, Dataflow, Edge, IntType, Layer, Stream
from hwcodesign.kinds import kind_of, sum_pool, weighted_sum
from hwcodesign.kinds.shared.score_keys import keys_of
from hwcodesign.kinds.shared.threshold_unit import step_count

Tensors = Mapping[str, np.ndarray]
NO_TENSORS: Tensors = {}
Pair = tuple[int, int]


def signed_holding(low: int, high: int) -> IntType:
    """The narrowest signed type that holds every integer from `low` to `high`."""
    return IntType.holding(min(low, -1), high)


@dataclass
class Assembly:
    """A graph under construction. `graph_input` names the frames that enter; it is no layer."""

    graph_input: str
    frame: Stream
    _layers: dict[str, Layer] = field(default_factory=dict)
    _reads: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _score_map: ScoreMap = INTEGERS

    def stream(self, source: str) -> Stream:
        """What `source` puts out."""
        return self.frame if source == self.graph_input else self._layers[source].output

    def padding(self, name: str, source: str, pad: tuple[int, int, int, int], value: int = 0) -> str:
        """`value` around the map; `pad` is (top, left, bottom, right)."""
        height, width, channels = self.stream(source).shape
        top, left, bottom, right = pad
        shape = (height + top + bottom, width + left + right, channels)
        attributes: dict[str, Attribute] = {"pad": pad, "value": value} if value else {"pad": pad}
        return self._add(name, "padding", [source], Stream(shape, self.stream(source).type), attributes=attributes)

    def sliding_window(self, name: str, source: str, kernel: Pair, stride: Pair, depthwise: bool = False) -> str:
        """Every window of the map as one pixel of kernel height x kernel width x channels elements."""
        height, width, channels = self.stream(source).shape
        rows = (height - kernel[0]) // stride[0] + 1
        columns = (width - kernel[1]) // stride[1] + 1
        output = Stream((rows, columns, kernel[0] * kernel[1] * channels), self.stream(source).type)
        attributes: dict[str, Attribute] = {"kernel": kernel, "stride": stride, "depthwise": int(depthwise)}
        return self._add(name, "sliding_window", [source], output, attributes=attributes)

    def mvau(
        self,
        name: str,
        source: str,
        rows: int,
        *,
        out_type: IntType | None,
        weight_type: IntType,
        acc_type: IntType,
        tensors: Tensors = NO_TENSORS,
    ) -> str:
        """A matrix of `rows` rows times each pixel, then thresholds; raw accumulators if `out_type` is None."""
        height, width, _ = self.stream(source).shape
        attributes: dict[str, Attribute] = {
            "weight_type": str(weight_type),
            "acc_type": str(acc_type),
            "thresholds": step_count(out_type) if out_type else 0,
        }
        output = Stream((height, width, rows), out_type or acc_type)
        return self._add(name, "mvau", [source], output, attributes=attributes, tensors=tensors)

    def thresholding(self, name: str, source: str, out_type: IntType, tensors: Tensors = NO_TENSORS) -> str:
        """Re-quantizes each element to `out_type` by comparing it with its channel's thresholds."""
        output = Stream(self.stream(source).shape, out_type)
        return self._add(
            name, "thresholding", [source], output, attributes={"thresholds": step_count(out_type)}, tensors=tensors
        )

    def max_pool(self, name: str, source: str, window: int) -> str:
        """The maximum of each channel over the `window` elements that a depthwise sliding window lays side by side."""
        height, width, elements = self.stream(source).shape
        output = Stream((height, width, elements // window), self.stream(source).type)
        return self._add(name, "max_pool", [source], output, attributes={"window": window})

    def sum_pool(self, name: str, source: str, window: int) -> str:
        """The sum of each channel over the `window` elements that a depthwise sliding window lays side by side."""
        height, width, elements = self.stream(source).shape
        output = Stream((height, width, elements // window), sum_pool.sum_type(self.stream(source).type, window))
        return self._add(name, "sum_pool", [source], output, attributes={"window": window})

    def concat(self, name: str, sources: Sequence[str]) -> str:
        """The channels of the sources side by side."""
        first = self.stream(sources[0])
        channels = sum(self.stream(source).channels for source in sources)
        return self._add(name, "concat", sources, replace(first, shape=(*first.shape[:2], channels)))

    def add(self, name: str, first: str, second: str) -> str:
        """The element-wise sum of two maps of one type, one bit wider."""
        common = self.stream(first)
        output = Stream(common.shape, IntType.holding(2 * common.type.min, 2 * common.type.max))
        return self._add(name, "add", [first, second], output)

    def weighted_sum(self, name: str, sources: Sequence[str], factors: Sequence[int]) -> str:
        """The element-wise sum of maps of one shape, each times its factor; the type holds every sum."""
        streams = [self.stream(source) for source in sources]
        total = weighted_sum.sum_type([stream.type for stream in streams], factors)
        output = Stream(streams[0].shape, total)
        return self._add(name, "weighted_sum", sources, output, attributes={"factors": tuple(factors)})

    def global_acc_pool(self, name: str, source: str) -> str:
        """The sum of each channel over all pixels."""
        stream = self.stream(source)
        total = IntType.holding(stream.pixels * stream.type.min, stream.pixels * stream.type.max)
        return self._add(name, "global_acc_pool", [source], Stream((1, 1, stream.channels), total))

    def label_select(
        self,
        source: str,
        top: int = 1,
        score_map: ScoreMap = INTEGERS,
        low: np.ndarray | None = None,
        high: np.ndarray | None = None,
    ) -> str:
        """The scores, then the indices of the `top` highest of what they mean by `score_map`; the type holds both.

        `low` and `high` (classes,) bound the scores; None: as far as their type reaches.
        """
        scores = self.stream(source)
        kind = signed_holding(scores.type.min, max(scores.type.max, scores.channels - 1))
        output = Stream((1, 1, scores.channels + top), kind)
        self._score_map = score_map
        if score_map.keeps_order or scores.channels == 1:
            return self._add("label_select", "label_select", [source], output, attributes={"top": top})
        scale, bias = (np.broadcast_to(numbers, scores.channels) for numbers in (score_map.scale, score_map.bias))
        bounds = (scores.type.min if low is None else low, scores.type.max if high is None else high)
        lows, highs = (np.broadcast_to(bound, scores.channels) for bound in bounds)
        keys = keys_of(scale.tolist(), bias.tolist(), lows.tolist(), highs.tolist())
        attributes: dict[str, Attribute] = {
            "top": top,
            "factors": keys.factors,
            "offsets": keys.offsets,
            "key_bits": keys.bits,
        }
        return self._add("label_select", "affine_label_select", [source], output, attributes=attributes)

    def finish(self, contract: Mapping[str, float]) -> Dataflow:
        """The whole graph, with a fork after every layer that is read more than once."""
        readers = Counter(source for reads in self._reads.values() for source in reads)
        layers: list[Layer] = []
        edges: list[Edge] = []
        ports: Counter[str] = Counter()

        def fork(name: str) -> None:
            stream = self.stream(name)
            copies = readers[name]
            layers.append(Layer(f"{name}.fork", "fork", (stream,), (stream,) * copies))
            if name != self.graph_input:
                edges.append(Edge(name, f"{name}.fork"))

        if readers[self.graph_input] > 1:
            fork(self.graph_input)
        for layer in self._layers.values():
            layers.append(layer)
            for port, source in enumerate(self._reads[layer.name]):
                if readers[source] > 1:
                    edges.append(Edge(f"{source}.fork", layer.name, ports[source], port))
                    ports[source] += 1
                elif source != self.graph_input:
                    edges.append(Edge(source, layer.name, 0, port))
            if readers[layer.name] > 1:
                fork(layer.name)
        dataflow = Dataflow(tuple(layers), tuple(edges), contract, self._score_map)
        dataflow.validate()
        return dataflow

    def _add(
        self,
        name: str,
        kind: str,
        sources: Sequence[str],
        output: Stream,
        *,
        attributes: Mapping[str, Attribute] | None = None,
        tensors: Tensors = NO_TENSORS,
    ) -> str:
        inputs = tuple(self.stream(source) for source in sources)
        layer = Layer(name, kind, inputs, (output,), attributes or {}, tensors)
        self._layers[name] = kind_of(kind).completed(layer)
        self._reads[name] = tuple(sources)
        return name
