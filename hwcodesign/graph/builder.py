"""Puts a dataflow graph together layer by layer: output streams follow from inputs, forks are inserted at the end.

`predict` (from a description, before training) and `lower` (from FINN's graph) both build with it, so a shape or a
type is worked out in one place. A method adds one layer, takes the names of the layers it reads, returns its own name.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from hwcodesign.core.score_map import INTEGERS, ScoreMap
from hwcodesign.dataflow import Attribute, Dataflow, Edge, Interval, IntType, Layer, Stream
from hwcodesign.kinds import kind_of
from hwcodesign.kinds.mvau import reach
from hwcodesign.kinds.shared.score_keys import keys_of
from hwcodesign.kinds.shared.threshold_unit import step_count

Tensors = Mapping[str, np.ndarray]
NO_TENSORS: Tensors = {}
Pair = tuple[int, int]


def signed_holding(low: int, high: int) -> IntType:
    """The narrowest signed type that holds every integer from `low` to `high`."""
    return Interval(low, high).signed_type


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
        """`value` around the feature map; `pad` is (top, left, bottom, right)."""
        attributes: dict[str, Attribute] = {"pad": pad, "value": value} if value else {"pad": pad}
        return self.layer(name, "padding", [source], attributes)

    def sliding_window(
        self, name: str, source: str, kernel: Pair, stride: Pair, depthwise: bool = False, dilation: Pair = (1, 1)
    ) -> str:
        """Every window of the feature map as one pixel of kernel height x kernel width x channels elements."""
        attributes: dict[str, Attribute] = {"kernel": kernel, "stride": stride, "depthwise": int(depthwise)}
        attributes |= {} if dilation == (1, 1) else {"dilation": dilation}
        return self.layer(name, "sliding_window", [source], attributes)

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
        """A matrix of `rows` rows times each pixel, then thresholds; raw accumulators if `out_type` is None.

        `acc_type` may rest on bounds of each channel; it is widened to what the whole stream's bounds can come to.
        """
        height, width, _ = self.stream(source).shape
        acc_type = self._widened(source, acc_type, tensors)
        attributes: dict[str, Attribute] = {
            "weight_type": str(weight_type),
            "acc_type": str(acc_type),
            "thresholds": step_count(out_type) if out_type else 0,
        }
        output = Stream((height, width, rows), out_type or acc_type)
        return self.layer(name, "mvau", [source], attributes, tensors, output)

    def vvau(
        self,
        name: str,
        source: str,
        window: int,
        multiplier: int = 1,
        *,
        out_type: IntType | None,
        weight_type: IntType,
        acc_type: IntType,
        tensors: Tensors = NO_TENSORS,
    ) -> str:
        """The `window` elements that a depthwise sliding window lays side by side, times the channel's own weights.

        `multiplier` outputs for each channel; the rest as in `mvau`.
        """
        height, width, elements = self.stream(source).shape
        acc_type = self._widened(source, acc_type, tensors)
        attributes: dict[str, Attribute] = {
            "window": window,
            "weight_type": str(weight_type),
            "acc_type": str(acc_type),
            "thresholds": step_count(out_type) if out_type else 0,
        }
        output = Stream((height, width, elements // window * multiplier), out_type or acc_type)
        return self.layer(name, "vvau", [source], attributes, tensors, output)

    def _widened(self, source: str, acc_type: IntType, tensors: Tensors) -> IntType:
        """`acc_type`, which may rest on bounds of each channel, as wide as what the whole stream's can come to."""
        if "weights" not in tensors:
            return acc_type
        low, high = reach(tensors["weights"], self.stream(source).low, self.stream(source).high)
        widest = acc_type.reach.including(int(low.min()), int(high.max()))
        return acc_type if widest == acc_type.reach else widest.signed_type

    def thresholding(self, name: str, source: str, out_type: IntType, tensors: Tensors = NO_TENSORS) -> str:
        """Re-quantizes each element to `out_type` by comparing it with its channel's thresholds."""
        output = Stream(self.stream(source).shape, out_type)
        return self.layer(name, "thresholding", [source], {"thresholds": step_count(out_type)}, tensors, output)

    def max_pool(self, name: str, source: str, window: int) -> str:
        """The maximum of each channel over the `window` elements that a depthwise sliding window lays side by side."""
        return self.layer(name, "max_pool", [source], {"window": window})

    def sum_pool(self, name: str, source: str, window: int) -> str:
        """The sum of each channel over the `window` elements that a depthwise sliding window lays side by side."""
        return self.layer(name, "sum_pool", [source], {"window": window})

    def concat(self, name: str, sources: Sequence[str]) -> str:
        """The channels of the sources side by side."""
        return self.layer(name, "concat", sources)

    def add(self, name: str, first: str, second: str) -> str:
        """The element-wise sum of two feature maps of one type."""
        return self.layer(name, "add", [first, second])

    def weighted_sum(self, name: str, sources: Sequence[str], factors: Sequence[int]) -> str:
        """The element-wise sum of feature maps of one shape, each times its factor; the type holds every sum."""
        return self.layer(name, "weighted_sum", sources, {"factors": tuple(factors)})

    def global_acc_pool(self, name: str, source: str) -> str:
        """The sum of each channel over all pixels."""
        return self.layer(name, "global_acc_pool", [source])

    def label_select(
        self,
        source: str,
        top: int = 1,
        score_map: ScoreMap = INTEGERS,
        low: np.ndarray | None = None,
        high: np.ndarray | None = None,
    ) -> str:
        """The scores, then the indices of the `top` highest of what they mean by `score_map`; the type holds both.

        `low` and `high` (classes,) bound the scores; None: as the stream does.
        """
        scores = self.stream(source)
        self._score_map = score_map
        if score_map.keeps_order or scores.channels == 1:
            return self.layer("label_select", "label_select", [source], {"top": top})
        scale, bias = (np.broadcast_to(numbers, scores.channels) for numbers in (score_map.scale, score_map.bias))
        bounds = (scores.low if low is None else low, scores.high if high is None else high)
        lows, highs = (np.broadcast_to(bound, scores.channels) for bound in bounds)
        keys = keys_of(scale.tolist(), bias.tolist(), lows.tolist(), highs.tolist())
        attributes: dict[str, Attribute] = {
            "top": top,
            "factors": keys.factors,
            "offsets": keys.offsets,
            "key_bits": keys.bits,
        }
        return self.layer("label_select", "affine_label_select", [source], attributes)

    def map_output(self, source: str, scale: np.ndarray | float = 1.0, bias: np.ndarray | float = 0.0) -> str:
        """The scores of every pixel; a channel's real ones are integer * `scale` + `bias`, (channels,) each or one."""
        shape = self.stream(source).shape
        scales, biases = (np.broadcast_to(numbers, shape[2]) for numbers in (scale, bias))
        self._score_map = ScoreMap.of_map(shape, scales, biases)
        return self.layer("map_output", "map_output", [source])

    def layer(
        self,
        name: str,
        kind: str,
        sources: Sequence[str],
        attributes: Mapping[str, Attribute] | None = None,
        tensors: Tensors = NO_TENSORS,
        output: Stream | None = None,
    ) -> str:
        """A layer of any kind that reads `sources`; its `output`, where the kind does not say it (`Kind.output`)."""
        layer = Layer(name, kind, tuple(self.stream(source) for source in sources), (), attributes or {}, tensors)
        layer = replace(layer, outputs=(output or kind_of(kind).output(layer),))
        self._layers[name] = kind_of(kind).completed(layer)
        self._reads[name] = tuple(sources)
        return name

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
